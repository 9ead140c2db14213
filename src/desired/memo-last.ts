/**
 * The function, with the result of the last call kept: a call with the same arguments (by identity) answers the same object.
 *
 * Rows and tables of a replica keep their identity while they do not change, so a pass costs what has changed.
 */
export function memoLast<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | undefined
  return (...args) => {
    if (last === undefined || last.args.some((argument, index) => argument !== args[index])) {
      last = { args, result: compute(...args) }
    }
    return last.result
  }
}
