/** A locator for people: `192.0.2.1`, or `192.0.2.1 key 7001`. */
export function shownLocator(locator: string): string {
  return locator.replace('#', ' key ')
}
