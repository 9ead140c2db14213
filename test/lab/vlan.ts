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
  const headers = `-I/usr/include/${(await run(['uname', '-m'])).trim()}-linux-gnu`
  const clang = await findClang()
  await run([
    clang,
    '-O2',
    '-target',
    'bpf',
    headers,
    `-DVLAN_ID=${vlan}`,
    '-c',
    checkoutPath('test/lab/vlan-tag.bpf.c'),
    '-o',
    object,
  ])
  await namespace.run(['tc', 'qdisc', 'add', 'dev', device, 'clsact'])
  await namespace.run(['tc', 'filter', 'add', 'dev', device, 'egress', 'bpf', 'da', 'obj', object, 'sec', 'tc/tag'])
  await namespace.run(['tc', 'filter', 'add', 'dev', device, 'ingress', 'bpf', 'da', 'obj', object, 'sec', 'tc/untag'])
}

async function findClang(): Promise<string> {
  for (const name of ['clang', 'clang-16', 'clang-14']) {
    const outcome = await attempt(['sh', '-c', `command -v ${name}`])
    if (outcome.status === 0) return name
  }
  throw new Error('no clang for the tagged server: install the Debian package clang')
}
