import t from 'tap'
import { reach } from '../lab/host.js'
import { openScene } from '../lab/scene.js'
import { exchangeTcp } from '../lab/tcp.js'
import { joinBlue } from './join-blue.js'
import { nth } from './stage.js'

t.test(
  'two daemons in two network namespaces, with the same names and numbers, do not disturb each other',
  async (t) => {
    const build = async (mode: 'tc' | 'xdp') => {
      const scene = await openScene({ mode })
      t.teardown(scene.lab.close)
      const { vms } = await joinBlue(scene)
      return { ...scene, vm: nth(vms, 0), server: nth(scene.servers, 0) }
    }
    const left = await build('tc')
    const right = await build('xdp')
    const works = async ({ server, vm }: typeof left) => {
      await reach(server, vm.address)
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
      await exchangeTcp(vm.namespace, server.namespace, server.address)
    }
    await Promise.all([works(left), works(right)])

    await left.vtepd.stop('SIGKILL')
    await works(right)
    await left.gateway.start()
    await Promise.all([works(left), works(right)])

    await right.vtepd.stop()
    await right.gateway.vtep('datapath', 'detach')
    t.not((await right.server.namespace.attempt(['ping', '-c1', '-W1', right.vm.address])).status, 0)
    await works(left)
  },
)
