import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import t from 'tap'
import { run } from '../lab/command.js'
import { writeOlderSchema } from '../lab/older-schema.js'
import { vtepSchema } from '../lab/ovsdb-server.js'
import { startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { scenario } from './scenario.js'

const directory = mkdtempSync(joinPath(tmpdir(), 'vtep-schema-'))
t.teardown(() => rm(directory, { recursive: true, force: true }))
const schema = writeOlderSchema(directory)

scenario(
  'D10',
  'a database with the schema as it was before ACLs and replication modes',
  { schema },
  async (t, stage) => {
    const { controller, gateway } = stage
    const [server, hypervisor] = [stage.servers[0]!, stage.hypervisors[0]!]
    await controller.ctl('add-ls', 'blue', '--', 'set', 'Logical_Switch', 'blue', 'tunnel_key=5001')
    await controller.bind('port1', 0, 'blue')
    await hypervisor.join(5001, [gateway.tunnelIp])
    await controller.flood('blue', hypervisor.address)
    const vm = await hypervisor.vm('vm1', 5001, 101)
    await controller.remoteMac('blue', vm.mac, hypervisor.address)

    await t.test('is served', async () => {
      await stage.reaches(server, vm.address)
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
    })

    await t.test('is converted to the present one without loss of a frame', async (t) => {
      const stream = startPings(server, vm.address)
      stage.lab.own(stream.stop)
      await stream.answered(20)
      await run(['ovsdb-client', 'convert', gateway.database, vtepSchema])
      await stream.answered(200)
      t.same(await stream.stop(), [])
    })

    await t.test('is obeyed after that', async () => {
      await controller.ctl('set-replication-mode', 'blue', 'source_node')
      await controller.unbind('port1', 0)
      await stage.isCutOff(server, vm.address)
      await controller.bind('port1', 0, 'blue')
      await stage.reaches(server, vm.address)
    })
  },
)
