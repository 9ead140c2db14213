import { checkoutPath } from './checkout.js'
import { attempt, run } from './command.js'
import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'

/**
 * Puts a device onto one VLAN of the trunk behind it: tags what leaves, takes only what is so tagged. Two tc programs do it, because not
 * every kernel has 802.1Q devices; captures on the device see the tags.
 */
export async function putOnVlan(lab: Lab, namespace: Namespace, device: string, vlan: number): Promise<void> {
  const object = `${lab.directory(`vlan-${namespace.name.split('-').at(-1) ?? ''}`)}/tag.o`
  const headers = `/usr/include/${(await run(['uname', '-m'])).trim()}-linux-gnu`
  await run([
    ...[await findClang(), '-target', 'bpf', '-O2', '-Wall', '-Wextra', '-Werror', `-I${headers}`, `-DVLAN_ID=${vlan}`],
    ...['-c', checkoutPath('test/lab/vlan-tag.bpf.c'), '-o', object],
  ])
  await namespace.run(['tc', 'qdisc', 'add', 'dev', device, 'clsact'])
  await namespace.run(['tc', 'filter', 'add', 'dev', device, 'egress', 'bpf', 'da', 'obj', object, 'sec', 'tc/tag'])
  await namespace.run(['tc', 'filter', 'add', 'dev', device, 'ingress', 'bpf', 'da', 'obj', object, 'sec', 'tc/untag'])
}

/** As native/datapath/build.rs does: the newest clang-NN, else clang; `CLANG` names another. */
async function findClang(): Promise<string> {
  const { CLANG } = process.env
  if (CLANG !== undefined) return CLANG
  const newestFirst = Array.from({ length: 17 }, (_, index) => `clang-${30 - index}`)
  const outcome = await attempt(['sh', '-c', `command -v ${[...newestFirst, 'clang'].join(' || command -v ')}`])
  if (outcome.status !== 0) throw new Error('no clang for the tagged server: install the Debian package clang')
  return outcome.stdout.trim()
}
