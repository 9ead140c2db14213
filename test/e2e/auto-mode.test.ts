import t from 'tap'
import { openScene } from '../lab/scene.js'
import { exchangeTcp } from '../lab/tcp.js'
import { joinBlue } from './join-blue.js'
import { nth } from './stage.js'

t.test('mode auto leaves virtual devices and their offloads alone: tc', async (t) => {
  const scene = await openScene({ mode: 'auto' })
  t.teardown(scene.lab.close)
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  t.same(
    (await scene.gateway.show()).ports.map(({ port, mode }) => ({ port, mode })),
    [{ port: 'port1', mode: 'tc' }],
  )
  const offloads = await server.namespace.run(['ethtool', '-k', 'eth0'])
  t.match(offloads, /tcp-segmentation-offload: on/, "the server's super-frames stay whole")
  await exchangeTcp(server.namespace, vm.namespace, vm.address)
  await exchangeTcp(vm.namespace, server.namespace, server.address)
})
