// What `make run` starts: a server, the gateway, an underlay and a hypervisor with a VM, all in network namespaces.
import { parseArgs } from 'node:util'
import { reach } from './host.js'
import { type Lab, openLab } from './lab.js'
import { buildScene, type Network, type Scene } from './scene.js'
import { exchangeTcp } from './tcp.js'

const picture = `
   server                      gateway                      underlay             hypervisor
  +------------+         +-------------------+          +------------+       +-----------------+
  | 10.0.0.1   | access  | port1       under |   IP     |   10.99    |       | under   vx5001  |
  |       eth0 +---------+   vtepd           +----------+   .0.0/24  +-------+  vm: 10.0.0.101 |
  +------------+  port   | ovsdb-server  eBPF|  fabric  +------------+       +-----------------+
                         +-------------------+   VXLAN, VNI 5001, UDP 4789
`

const flags = readFlags()

if (process.getuid?.() !== 0) {
  process.stderr.write('The demonstration makes network namespaces, and only root may: run it as root.\n')
  process.exit(1)
}

const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve)
})
const lab = await openLab()
try {
  const checked = await demonstrate(lab)
  if (!flags.once) {
    say(thingsToTry(checked))
    // When vtepd is killed nothing else keeps this process.
    const staying = setInterval(() => undefined, 60_000)
    await asked
    clearInterval(staying)
    say('\nRemoving what the demonstration made ...')
  }
} catch (error) {
  process.stderr.write(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await lab.close()
}
process.exit()

function readFlags(): { readonly once: boolean; readonly mode: string } {
  try {
    const { values } = parseArgs({
      options: { once: { type: 'boolean', default: false }, mode: { type: 'string', default: 'tc' } },
    })
    return values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    process.stderr.write(`${message}; the demonstration takes --once and --mode tc|xdp\n`)
    process.exit(1)
  }
}

async function demonstrate(inside: Lab): Promise<Scene> {
  say(picture)
  const scene = await step('server, underlay and hypervisor stand; vtepd runs with its own ovsdb-server', () =>
    buildScene(inside, { mode: flags.mode === 'xdp' ? 'xdp' : 'tc' }),
  )
  const [server] = scene.servers
  if (server === undefined) throw new Error('the scene has no server')
  const vm = await step(
    'the controller (vtep-ctl) makes logical switch blue, VNI 5001, and binds port1, untagged',
    async () => {
      const blue: Network = await scene.network('blue', 5001)
      await blue.bind('port1')
      return blue.vm()
    },
  )
  await step(`ping: server ${server.address} -> VM ${vm.address}`, () => reach(server, vm.address))
  await step(`ping: VM -> server, IPv6 (${vm.address6} -> ${server.address6})`, () => reach(vm, server.address6))
  await step('TCP: server -> VM, 4 MiB each way, compared byte for byte', () =>
    exchangeTcp(server.namespace, vm.namespace, vm.address),
  )
  await step('TCP: VM -> server, 4 MiB each way, compared byte for byte', () =>
    exchangeTcp(vm.namespace, server.namespace, server.address),
  )
  say('\n$ vtep show\n')
  say(await scene.gateway.vtep('show'))
  return scene
}

function thingsToTry(scene: Scene): string {
  const { gateway, underlay, servers, hypervisors } = scene
  const inside = (name: string | undefined) => `ip netns exec ${name}`
  const vtep = `node dist/vtep.js --run-dir ${gateway.runDir}`
  const ctl = `vtep-ctl --db=unix:${gateway.runDir}/db.sock`
  return `
Everything stays up. In another terminal, as root, from this directory:

  ${inside(servers[0]?.namespace.name)} ping 10.0.0.101
  ${inside(underlay.namespace.name)} tcpdump -ni ${gateway.attachment.farDevice} udp port 4789
  ${inside(hypervisors[0]?.namespace.name)} bridge fdb show dev vx5001
  ${vtep} show
  ${ctl} show
  ${ctl} unbind-ls ${gateway.name} port1 0          (the ping stops)
  ${ctl} bind-ls ${gateway.name} port1 0 blue       (it goes on)
  kill -9 ${scene.vtepd.pid}                                 (it goes on too: the kernel forwards)
  ${inside(gateway.namespace.name)} ${gateway.daemonCommand.join(' ')}
                                                  (a new daemon takes over; end it before the demonstration)

Ctrl-C ends the demonstration and removes all of it.
`
}

async function step<T>(what: string, act: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  const result = await act()
  say(`  ok  ${what}  (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
  return result
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
