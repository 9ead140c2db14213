import t from 'tap'
import { decodeBfdConfig } from '../../src/schema/bfd-config.js'

const row = (
  params: Readonly<Record<string, string>>,
  local: Readonly<Record<string, string>> = {},
  remote: Readonly<Record<string, string>> = {},
) => ({
  bfd_params: new Map(Object.entries(params)),
  bfd_config_local: new Map(Object.entries(local)),
  bfd_config_remote: new Map(Object.entries(remote)),
})

const defaults = {
  minRxMs: 1000,
  minTxMs: 100,
  decayMinRxMs: 0,
  forwardingIfRx: false,
  cpathDown: false,
  checkTnlKey: false,
  localDstMac: '00:23:20:00:00:01',
  localDstIp: '169.254.1.0',
  remoteDstMac: '00:23:20:00:00:01',
  remoteDstIp: '169.254.1.1',
}

t.test('BFD is off until it is enabled, and then what is not said has the default of the schema', (t) => {
  t.same(decodeBfdConfig(row({})), { config: undefined, reasons: [] })
  t.same(decodeBfdConfig(row({ enable: 'false', min_rx: '300' })), { config: undefined, reasons: [] })
  t.same(decodeBfdConfig(row({ enable: 'true' })), { config: defaults, reasons: [] })
  t.end()
})

t.test('every key is read', (t) => {
  const params = {
    enable: 'True',
    min_rx: '300',
    min_tx: '400',
    decay_min_rx: '3000',
    forwarding_if_rx: 'true',
    cpath_down: 'true',
    check_tnl_key: 'true',
  }
  const local = { bfd_dst_mac: '02:00:00:00:00:0A', bfd_dst_ip: '169.254.2.1' }
  const remote = { bfd_dst_mac: '02:00:00:00:00:0b', bfd_dst_ip: '169.254.2.2' }
  t.same(decodeBfdConfig(row(params, local, remote)), {
    config: {
      minRxMs: 300,
      minTxMs: 400,
      decayMinRxMs: 3000,
      forwardingIfRx: true,
      cpathDown: true,
      checkTnlKey: true,
      localDstMac: '02:00:00:00:00:0a',
      localDstIp: '169.254.2.1',
      remoteDstMac: '02:00:00:00:00:0b',
      remoteDstIp: '169.254.2.2',
    },
    reasons: [],
  })
  t.end()
})

t.test('a value that makes no sense is a reason, its default stands in, and the rest is served', (t) => {
  for (const [key, text] of [
    ['min_rx', '0'],
    ['min_rx', '-5'],
    ['min_rx', '4294968'],
    ['min_tx', '0'],
    ['min_tx', 'fast'],
    ['decay_min_rx', '1e4'],
    ['forwarding_if_rx', 'yes'],
    ['cpath_down', '1'],
    ['check_tnl_key', ''],
  ] as const) {
    const { config, reasons } = decodeBfdConfig(row({ enable: 'true', [key]: text }))
    t.same(config, defaults, `${key}=${text}`)
    t.equal(reasons.length, 1, `${key}=${text}`)
    t.match(reasons[0], `bfd_params:${key} ${JSON.stringify(text)} `)
  }
  const bad = { bfd_dst_mac: 'zz', bfd_dst_ip: '169.254.1' }
  const { config, reasons } = decodeBfdConfig(row({ enable: 'true', min_rx: '300' }, bad, bad))
  t.same(config, { ...defaults, minRxMs: 300 })
  t.same(
    reasons.map((reason) => reason.split(' ')[0]),
    [
      'bfd_config_local:bfd_dst_mac',
      'bfd_config_local:bfd_dst_ip',
      'bfd_config_remote:bfd_dst_mac',
      'bfd_config_remote:bfd_dst_ip',
    ],
  )
  t.end()
})

t.test('an `enable` that makes no sense is off, and a reason', (t) => {
  t.match(decodeBfdConfig(row({ enable: 'yes', min_rx: 'x' })), {
    config: undefined,
    reasons: ['bfd_params:enable "yes" is neither true nor false'],
  })
  t.end()
})

t.test('a decay_min_rx below min_rx is a reason, and left to the session, which tells that it is not used', (t) => {
  const { config, reasons } = decodeBfdConfig(row({ enable: 'true', min_rx: '500', decay_min_rx: '400' }))
  t.equal(config?.decayMinRxMs, 400)
  t.same(reasons, ['bfd_params:decay_min_rx 400 is below min_rx 500 and not used'])
  t.end()
})
