import { broadcast, marked } from '../lab/craft.js'
import { reach } from '../lab/host.js'
import { type Injector, openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode(
  'more MACs than a port may have',
  { ...places, config: 'mac-ageing: 3\n', flags: ['--max-macs-per-port', '6'] },
  async (t, scene) => {
    const { gateway } = scene
    const [first, second] = [nth(scene.servers, 0), nth(scene.servers, 1)]
    const { vms } = await joinBlue(scene)
    const vm = nth(vms, 0)
    const injector = await openInjector(first.namespace, 'eth0')
    scene.lab.own(injector.close)
    const roomOf = async (port: string) => (await gateway.show()).macRoom.find(({ name }) => name === port)

    await t.test('are forwarded, counted under a note, and are a fault of the switch', async (t) => {
      await flood(injector, 'a1', 20)
      await until('the fault', async () => (await faults()).includes('mac_table_exhaustion'))
      t.match(await roomOf('port1'), { held: 6, limit: 6, state: 'exhausted' })
      t.match(await roomOf('port2'), { limit: 6, state: 'room' })
      t.ok((await gateway.counted('learn_port_full')) > 0)
      t.match((await gateway.show()).faults.failed, [{ subject: 'local MACs of port port1' }])
      await exchangeTcp(first.namespace, vm.namespace, vm.address)
      await exchangeTcp(second.namespace, vm.namespace, vm.address)
    })

    await t.test('also while no daemon runs and after the next has started', async (t) => {
      await scene.vtepd.stop('SIGKILL')
      await flood(injector, 'a2', 20)
      await gateway.start()
      t.ok(((await roomOf('port1'))?.held ?? 0) <= 6)
      await flood(injector, 'a3', 20)
      t.ok(((await roomOf('port1'))?.held ?? 0) <= 6)
    })

    await t.test('are no fault any more when those that are known have aged', async (t) => {
      await until('the fault to be cleared', async () => !(await faults()).includes('mac_table_exhaustion'), 30_000)
      await reach(first, vm.address)
      t.match(await roomOf('port1'), { state: 'room' })
      t.same((await gateway.show()).faults.failed, [])
    })

    async function faults(): Promise<string> {
      return scene.controller.ctl('get', 'Physical_Switch', 'gateway', 'switch_fault_status')
    }
  },
)

inEachMode(
  'a flood of source MACs on one port of a logical switch that has little room',
  { ...places, flags: ['--max-macs-per-switch', '64'] },
  async (t, scene) => {
    const { gateway, controller } = scene
    const [first, second] = [nth(scene.servers, 0), nth(scene.servers, 1)]
    await joinBlue(scene)
    const fromFirst = await openInjector(first.namespace, 'eth0')
    const fromSecond = await openInjector(second.namespace, 'eth0')
    for (const tool of [fromFirst, fromSecond]) scene.lab.own(tool.close)
    const known = async (mac: string) => (await controller.ctl('list-local-macs', 'blue')).includes(mac)

    await t.test('displaces MACs of that port alone, and another port learns on', async (t) => {
      await flood(fromSecond, 'b0', 5)
      await until('the MACs of the other port', () => known('02:00:b0:00:00:04'))
      let wave = 0
      const flooding = { on: true }
      const waves = (async () => {
        while (flooding.on) await flood(fromFirst, (wave++ % 256).toString(16).padStart(2, '0'), 200, '02:01')
      })()
      await until('the fault', async () =>
        (await controller.ctl('get', 'Physical_Switch', 'gateway', 'switch_fault_status')).includes(
          'mac_table_exhaustion',
        ),
      )
      for (let number = 0; number < 5; number++) {
        const newcomer = `02:00:b1:00:00:0${number}`
        await until(`${newcomer} to be learned`, async () => {
          await fromSecond.send(marked('new', { destination: broadcast, source: newcomer }))
          return known(newcomer)
        })
      }
      flooding.on = false
      await waves
      const listed = await controller.ctl('list-local-macs', 'blue')
      for (let number = 0; number < 5; number++) {
        t.match(listed, `02:00:b0:00:00:0${number}`)
        t.match(listed, `02:00:b1:00:00:0${number}`)
      }
    })

    await t.test('and the counts agree with the table', async (t) => {
      const { localMacs, macRoom } = await until('a quiet moment', async () => {
        const shown = await gateway.show()
        const table = nth(shown.macRoom, 0)
        return table.held === shown.localMacs.length && shown
      })
      for (const { of, name, held, limit } of macRoom) {
        const meant = localMacs.filter(
          ({ port, logicalSwitch }) => of === 'table' || name === (of === 'port' ? port : logicalSwitch),
        )
        t.equal(held, meant.length, `${of} ${name}`)
        t.ok(held <= limit)
      }
    })

    await t.test('ends with the flood', async () => {
      await until(
        'the fault to be cleared',
        async () => (await controller.ctl('get', 'Physical_Switch', 'gateway', 'switch_fault_status')) === '[]',
        30_000,
      )
    })
  },
)

/** Broadcasts from so many MACs. */
async function flood(injector: Injector, group: string, count: number, prefix = '02:00'): Promise<void> {
  for (let number = 0; number < count; number++) {
    const [high, low] = [number >> 8, number & 0xff].map((byte) => byte.toString(16).padStart(2, '0'))
    const source = `${prefix}:${group}:00:${high}:${low}`
    await injector.send(marked('flood', { destination: broadcast, source }))
  }
}
