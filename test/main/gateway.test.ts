import t from 'tap'
import type { Config } from '../../src/config/config.js'
import type { Datapath } from '../../src/datapath/datapath.js'
import { Gateway } from '../../src/main/gateway.js'
import { gw, ownIp, port1 } from '../desired/scene.js'
import { replicaOf } from '../desired/replica-of.js'
import { until } from '../lab/until.js'
import { TableModel } from '../reconcile/table-model.js'

const config: Config = {
  switchName: 'gw',
  tunnelIp: undefined,
  ports: [],
  reservedVlans: [],
  database: { kind: 'embedded' },
  managers: [],
  stateDir: '/nonexistent',
  runDir: '/nonexistent',
  datapathMode: 'tc',
  logLevel: 'info',
  macAgeingMs: 300_000,
  floodsToRemoteMacs: true,
  statsIntervalMs: 5_000,
  arpNdSuppression: true,
  macLimits: { port: 16_384, switch: 32_768, table: 65_536 },
  tls: undefined,
  description: undefined,
  managementIps: undefined,
}

/** A box whose addresses can be moved, and cannot be read while there are none. */
const makeBox = () => {
  const box = { addresses: [ownIp] as string[] | undefined }
  const localAddresses = () => {
    if (box.addresses === undefined) throw new Error('no buffer space')
    return box.addresses.map((address) => ({ netdev: 'eth0', address }))
  }
  return { box, datapath: Object.assign<Datapath, Partial<Datapath>>(new TableModel(), { localAddresses }) }
}

t.test('addresses that cannot be read when links change stay as they were, and are read again', async (t) => {
  const { box, datapath } = makeBox()
  const warnings: string[] = []
  const ignore = (): void => undefined
  const gateway = new Gateway({
    config,
    datapath,
    log: { debug: ignore, info: ignore, warn: (event) => void warnings.push(event), error: ignore },
    mayApply: () => true,
    onPublication: ignore,
  })
  t.teardown(() => gateway.close())
  gateway.takeReplica(
    replicaOf({ Physical_Switch: [{ _uuid: gw, name: 'gw', ports: [port1], tunnel_ips: [ownIp, '10.0.0.2'] }] }),
  )
  await until('the first pass', () => Promise.resolve(gateway.desired?.tunnelIp === ownIp))

  box.addresses = undefined
  t.doesNotThrow(() => gateway.takeEvents([{ kind: 'links' }]))
  t.same(warnings, ['links_not_read'])
  t.equal(gateway.desired?.tunnelIp, ownIp)

  box.addresses = ['10.0.0.2']
  await until('the other address', () => Promise.resolve(gateway.desired?.tunnelIp === '10.0.0.2'))
})
