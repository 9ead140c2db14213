import { reach } from '../lab/host.js'
import { type PingStream, startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { databaseUuids } from './database-uuids.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode(
  'a daemon that ends and starts again',
  { servers: [{ port: 'port1' }, { port: 'port2', vlan: 30 }] },
  async (t, scene) => {
    const { gateway, lab } = scene
    const server = nth(scene.servers, 0)
    const second = nth(scene.servers, 1)
    const { blue, vms } = await joinBlue(scene)
    const vm = nth(vms, 0)
    await reach(server, second.address)
    await until('both servers in the database', async () => {
      const macs = await scene.controller.ctl('list-local-macs', 'blue')
      return macs.includes(server.mac) && macs.includes(second.mac)
    })
    const uuids = await databaseUuids(gateway.database)
    let vtepd = scene.vtepd

    const underTraffic = async (act: () => Promise<void>): Promise<PingStream[]> => {
      const streams = [
        startPings(server, vm.address),
        startPings(vm, second.address),
        startPings(second, server.address),
      ]
      for (const stream of streams) lab.own(stream.stop)
      for (const stream of streams) await stream.answered(20)
      await act()
      for (const stream of streams) await stream.answered(20)
      return streams
    }

    await t.test('after SIGKILL under traffic no frame is lost and no row is recreated', async (t) => {
      const streams = await underTraffic(async () => {
        await vtepd.stop('SIGKILL')
        vtepd = await gateway.start()
      })
      for (const stream of streams) {
        t.same(await stream.stop(), [], `lost of ${stream.name}`)
      }
      t.same(await databaseUuids(gateway.database), uuids)
    })

    await t.test('after SIGTERM the kernel forwards, and a new daemon takes over without loss', async (t) => {
      const streams = await underTraffic(async () => {
        t.match(await vtepd.stop('SIGTERM'), { code: 0 })
        await exchangeTcp(server.namespace, vm.namespace, vm.address)
        await exchangeTcp(vm.namespace, second.namespace, second.address)
        vtepd = await gateway.start()
      })
      for (const stream of streams) {
        t.same(await stream.stop(), [], `lost of ${stream.name}`)
      }
      t.same(await databaseUuids(gateway.database), uuids)
    })

    await t.test('and obeys the controller as before', async () => {
      await scene.controller.unbind('port2', 30)
      await until(
        'the second server to be cut off',
        async () => (await second.namespace.attempt(['ping', '-c1', '-W1', vm.address])).status !== 0,
      )
      await blue.bind('port2', 30)
      await reach(second, vm.address)
      await exchangeTcp(second.namespace, vm.namespace, vm.address)
    })

    await t.test('`vtep datapath detach` removes everything from the kernel', async (t) => {
      await vtepd.stop('SIGTERM')
      await gateway.vtep('datapath', 'detach')
      t.equal(
        (await gateway.namespace.run(['ip', '-d', 'link', 'show', 'type', 'vxlan'])).trim(),
        '',
        'no vxlan device',
      )
      for (const link of await links()) t.same(await takenBy(link), [], `${link.ifname} is as the kernel makes it`)
      t.not((await server.namespace.attempt(['ping', '-c1', '-W1', vm.address])).status, 0, 'nothing is forwarded')
    })

    interface Link {
      readonly ifname: string
      readonly promiscuity: number
      readonly xdp?: unknown
    }

    async function links(): Promise<readonly Link[]> {
      return JSON.parse(await gateway.namespace.run(['ip', '-d', '-j', 'link', 'show'])) as Link[]
    }

    /** What the gateway has put onto a device: promiscuity, programs by whatever way. */
    async function takenBy({ ifname, promiscuity, xdp }: Link): Promise<readonly string[]> {
      const found: string[] = []
      if (promiscuity !== 0) found.push(`promiscuity ${promiscuity}`)
      if (xdp !== undefined) found.push('an XDP program')
      for (const side of ['ingress', 'egress'])
        if ((await gateway.namespace.run(['tc', 'filter', 'show', 'dev', ifname, side])).trim() !== '')
          found.push(`an ${side} filter`)
      const [shown] = JSON.parse(await gateway.namespace.run(['bpftool', '-j', 'net', 'show', 'dev', ifname])) as {
        xdp: unknown[]
        tc: unknown[]
      }[]
      for (const program of [...(shown?.xdp ?? []), ...(shown?.tc ?? [])]) found.push(JSON.stringify(program))
      return found
    }
  },
)
