import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Box } from '../../src/config/box.js'
import { parseConfigText, readConfigFile } from '../../src/config/config-file.js'
import { parseFlags } from '../../src/config/flags.js'
import { loadConfig, type LoadedConfig } from '../../src/config/load-config.js'
import { VTEPD_USAGE } from '../../src/config/usage.js'

const box: Box = {
  devices: new Map([
    ['eth0', ['192.0.2.7', 'fe80::1']],
    ['swp1', []],
    ['swp2', ['198.51.100.1']],
  ]),
}

const load = (flags: readonly string[], yaml?: string): LoadedConfig => {
  const invocation = parseFlags(flags)
  if (invocation.kind !== 'run') throw new Error('not a run')
  return loadConfig(invocation.said, yaml === undefined ? undefined : parseConfigText(yaml, 'gw.yaml'), box)
}

t.test('without a word the daemon is named as the box and runs its own server', (t) => {
  const { config, originOf } = load([])
  t.match(config, {
    tunnelIp: undefined,
    ports: [],
    reservedVlans: [],
    database: { kind: 'embedded' },
    stateDir: '/var/lib/vtepd',
    runDir: '/run/vtepd',
    datapathMode: 'auto',
    logLevel: 'info',
    macAgeingMs: 300_000,
    floodsToRemoteMacs: true,
    statsIntervalMs: 5_000,
    arpNdSuppression: true,
    macLimits: { port: 16_384, switch: 32_768, table: 65_536 },
  })
  t.equal(originOf('switch'), undefined)
  t.end()
})

t.test('the file says the same things as the flags, and flags win', (t) => {
  const yaml = [
    'switch: leaf-7',
    'tunnel-ip: 192.0.2.7',
    'ports:',
    '  - swp1',
    "  - 'rack 4=swp2'",
    'ovsdb: tcp:192.0.2.1:6640',
    "reserved-vlans: [1, 100-101, '7 , 9-9', rack 4=4000]",
    "managers: ['ptcp:6640']",
    'state-dir: /s',
    'run-dir: /r',
    'datapath-mode: tc',
    'log-level: debug',
    'mac-ageing: 60',
    'stats-interval: 0.5',
    'arp-nd-suppression: false',
    'max-macs-per-port: 100',
    'max-macs: 1000',
    'flood-to-remote-macs: false',
    'description: rack 4',
    'management-ips: [198.51.100.7, "2001:db8::1"]',
  ].join('\n')
  const fromFile = load([], yaml).config
  t.same(fromFile, {
    switchName: 'leaf-7',
    tunnelIp: '192.0.2.7',
    ports: [
      { name: 'swp1', netdev: 'swp1' },
      { name: 'rack 4', netdev: 'swp2' },
    ],
    reservedVlans: [
      { port: undefined, vlans: new Set([1]) },
      { port: undefined, vlans: new Set([100, 101]) },
      { port: undefined, vlans: new Set([7, 9]) },
      { port: 'rack 4', vlans: new Set([4000]) },
    ],
    database: { kind: 'external', endpoint: { kind: 'tcp', host: '192.0.2.1', port: 6640 } },
    managers: ['ptcp:6640'],
    stateDir: '/s',
    runDir: '/r',
    datapathMode: 'tc',
    logLevel: 'debug',
    macAgeingMs: 60_000,
    floodsToRemoteMacs: false,
    statsIntervalMs: 500,
    arpNdSuppression: false,
    macLimits: { port: 100, switch: 32_768, table: 1000 },
    tls: undefined,
    description: 'rack 4',
    managementIps: ['198.51.100.7', '2001:db8::1'],
  })
  const flags = [
    ...['--switch', 'other', '--port', 'swp1=swp2', '--datapath-mode=xdp', '--manager', 'ssl:192.0.2.2'],
    ...['--arp-nd-suppression', 'true'],
    ...['--max-macs-per-switch', '7'],
    ...['--reserved-vlans', '5', '--reserved-vlans', 'swp1=0-2'],
  ]
  const { config, originOf } = load(flags, yaml)
  t.same(config.macLimits, { port: 100, switch: 7, table: 1000 })
  t.match(config, { switchName: 'other', datapathMode: 'xdp', managers: ['ssl:192.0.2.2'], logLevel: 'debug' })
  t.equal(config.arpNdSuppression, true)
  t.same(config.reservedVlans, [
    { port: undefined, vlans: new Set([5]) },
    { port: 'swp1', vlans: new Set([0, 1, 2]) },
  ])
  t.same(config.ports, [{ name: 'swp1', netdev: 'swp2' }])
  t.equal(originOf('switch'), '--switch')
  t.equal(originOf('run-dir'), 'gw.yaml:10')
  t.end()
})

t.test('what is wrong is said in one sentence that begins with the flag or the line', (t) => {
  const cases: readonly [flags: readonly string[], yaml: string | undefined, message: RegExp][] = [
    [['--swich', 'x'], undefined, /^Unknown option '--swich'/],
    [['--switch'], undefined, /--switch/],
    [['--max-macs', '0'], undefined, /^--max-macs: max-macs «0»: must be at least 1$/],
    [['--max-macs-per-port', '65537'], undefined, /^--max-macs-per-port: .*: must be at most 65536$/],
    [['--max-macs-per-switch', 'many'], undefined, /^--max-macs-per-switch: /],
    [['--switch', 'a', '--switch', 'b'], undefined, /^--switch: is given more than once$/],
    [['--switch', 'a{b'], undefined, /^--switch: switch «a\{b»: must have no braces/],
    [['--tunnel-ip', '192.0.2.300'], undefined, /^--tunnel-ip: "192.0.2.300" is not an IPv4 address/],
    [['--port', 'swp2', '--tunnel-ip', '198.51.100.1'], undefined, /^--tunnel-ip: .*access port «swp2»/],
    [['--port', 'a=lo'], undefined, /^--port: port «a»: «lo» can be no access port$/],
    [['--port', 'swp1', '--port', 'swp1=swp2'], undefined, /^--port: port «swp1» is given twice$/],
    [['--port', 'a=swp1', '--port', 'b=swp1'], undefined, /^--port: two ports use the device «swp1»$/],
    [['--port', 'a long name for a port'], undefined, /^--port: .*write NAME=NETDEV$/],
    [['--reserved-vlans', '4095'], undefined, /^--reserved-vlans: "4095" says no VLANs: "4095" is not a VLAN: /],
    [['--reserved-vlans', ''], undefined, /^--reserved-vlans: "" says no VLANs: "" is neither a number nor a range/],
    [['--reserved-vlans', 'swp1=7'], undefined, /^--reserved-vlans: there is no port «swp1»$/],
    [[], 'ports: [swp1]\nreserved-vlans:\n  - swp1=7\n  - swp2=7', /^gw.yaml:4: there is no port «swp2»$/],
    [
      [],
      'ports: [swp1]\nreserved-vlans:\n  - 7\n  - 9-7',
      /^gw.yaml:4: reserved-vlans: "9-7" says no VLANs: "9-7" ends before it begins$/,
    ],
    [[], 'reserved-vlans: [7.5]', /^gw.yaml:1: reserved-vlans: "7.5" says no VLANs: /],
    [[], 'management-ips:\n  - 192.0.2.1\n  - zz', /^gw.yaml:3: management-ips: "zz" is not an IP address$/],
    [[], 'tunnel-ip: 192.0.2.07', /^gw.yaml:1: tunnel-ip: "192.0.2.07" is not an IPv4 address/],
    [[], 'switch: a\ndescription: *x', /^gw.yaml:2: «\*x» stands for nothing: put it in quotes$/],
    [['--max-macs', '-1'], undefined, /^--max-macs: max-macs «-1»: /],
    [['--manager', 'ptcp:99999'], undefined, /^--manager: "ptcp:99999" has a port that is no number up to 65535$/],
    [['--manager', 'tcp:192.0.2.1:x'], undefined, /^--manager: ".*" has a port that is no number/],
    [['--manager', 'tcp:[::1]:99999'], undefined, /^--manager: ".*" has a port that is no number/],
    [['--manager', 'tcp:192.0.2.1:'], undefined, /^--manager: ".*" has a port that is no number/],
    [[], 'reserved-vlans: [true]', /^gw.yaml:1: reserved-vlans «true»: must be VLANs, as in 1, 100-199$/],
    [[], 'reserved-vlans: 1, 100-199', /^gw.yaml:1: reserved-vlans «1, 100-199»: must be a list, as in \[a, b\]$/],
    [['--ovsdb', 'nonsense'], undefined, /^--ovsdb: .*unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT$/],
    [['--ovsdb', 'tcp:192.0.2.1:99999'], undefined, /^--ovsdb: .*expected a number from 1 to 65535$/],
    [['--ovsdb', 'ssl:192.0.2.1:6640'], undefined, /^--ovsdb: ssl: needs private-key/],
    [['--manager', 'http://x'], undefined, /^--manager: managers «http:\/\/x»/],
    [['--datapath-mode', 'fast'], undefined, /^--datapath-mode: datapath-mode «fast»: must be auto, xdp or tc$/],
    [
      ['--arp-nd-suppression', 'on'],
      undefined,
      /^--arp-nd-suppression: arp-nd-suppression «on»: must be true or false$/,
    ],
    [[], 'arp-nd-suppression: 1', /^gw.yaml:1: arp-nd-suppression «1»: must be true or false$/],
    [['--run-dir', `/${'x'.repeat(100)}`], undefined, /^--run-dir: .*too long/],
    [[], 'switch: a\nswich: b\n', /^gw.yaml:2: unknown key «swich»; the keys are: switch, /],
    [[], 'switch: a\nports:\n  - swp1\n  - swp9=lo\n', /^gw.yaml:4: port «swp9»: «lo» can be no access port$/],
    [[], 'ports: [swp2]\n# comment\ntunnel-ip: 198.51.100.1', /^gw.yaml:3: the address 198.51.100.1 is on «swp2»/],
    [[], 'mac-ageing: soon', /^gw.yaml:1: mac-ageing «soon»: must be a whole number of seconds$/],
    [[], 'switch: a\nports: swp1', /^gw.yaml:2: ports «swp1»: must be a list, as in \[a, b\]$/],
    [[], 'ports:\n  - swp1\n  - 7', /^gw.yaml:3: ports «7»: must be text: put it in quotes$/],
    [[], '# comment\nswitch: 7', /^gw.yaml:2: switch «7»: must be text: put it in quotes$/],
    [[], 'description: true', /^gw.yaml:1: description «true»: must be text: put it in quotes$/],
    [[], 'switch: [a]', /^gw.yaml:1: switch: must be text$/],
    [[], 'managers:\n', /^gw.yaml:1: managers: has no value: must be a list, as in \[a, b\]$/],
    [[], 'tunnel-ip:\n', /^gw.yaml:1: tunnel-ip: has no value: must be text$/],
    [[], 'mac-ageing:\n', /^gw.yaml:1: mac-ageing: must be a whole number of seconds$/],
    [[], 'switch: a\nswitch: b', /^gw.yaml:2: Map keys must be unique/],
    [[], 'switch: [', /^gw.yaml:1: /],
    [[], '- a', /^gw.yaml:1: is not a mapping/],
    [[], 'private-key: /nonexistent/key.pem', /^gw.yaml:1: .*certificate is missing|cannot be read/],
    [[], 'private-key: /etc/hostname\ncertificate: /etc/hostname', /^gw.yaml:1: TLS needs .*; ca-cert is missing$/],
  ]
  for (const [flags, yaml, message] of cases) {
    t.throws(() => load(flags, yaml), { name: 'ConfigError', message }, [...flags, yaml].join(' '))
  }
  t.end()
})

t.test('a device or an address that is not there yet is no error', (t) => {
  const flags = ['--port', 'swp1', '--port', 'swp3=swp9', '--tunnel-ip', '192.0.2.8']
  t.same(load(flags).missing, { ports: [{ name: 'swp3', netdev: 'swp9' }], tunnelIp: '192.0.2.8' })
  t.same(load(['--port', 'swp1', '--tunnel-ip', '192.0.2.7']).missing, { ports: [], tunnelIp: undefined })
  t.end()
})

t.test('managers may leave out the port', (t) => {
  const targets = [
    'tcp:192.0.2.1',
    'ssl:[2001:db8::1]',
    'tcp:[::1]:6640',
    'ptcp:',
    'pssl:6640',
    'ptcp:0:127.0.0.1',
    'pssl::[::1]',
  ]
  t.same(load(targets.flatMap((target) => ['--manager', target])).config.managers, targets)
  t.end()
})

t.test('a file that cannot be read is named with its flag', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vtepd-config-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  t.throws(() => readConfigFile(join(directory, 'none.yaml')), { message: /^--config .*none.yaml: cannot be read/ })
  writeFileSync(join(directory, 'empty.yaml'), '# nothing\n')
  t.same(readConfigFile(join(directory, 'empty.yaml')).settings, {})
  t.end()
})

t.test('the example in --help is a config that the daemon takes, and every flag of it exists', (t) => {
  const example = VTEPD_USAGE.split('as keys:\n\n')[1]!.split('\n\nSignals')[0]!
  const keys = Object.keys(parseConfigText(example, 'help').settings)
  for (const key of [
    'switch',
    'tunnel-ip',
    'ports',
    'reserved-vlans',
    'managers',
    'mac-ageing',
    'flood-to-remote-macs',
    'stats-interval',
    'description',
    'management-ips',
    'ca-cert',
  ]) {
    t.ok(keys.includes(key), key)
  }
  const flags = [...VTEPD_USAGE.matchAll(/^ {2}(?:-\w, )?--([a-z-]+) [A-Z[]/gm)].map((match) => match[1]!)
  t.same(flags.sort(), [
    'arp-nd-suppression',
    'config',
    'datapath-mode',
    'log-level',
    'manager',
    'max-macs',
    'max-macs-per-port',
    'max-macs-per-switch',
    'ovsdb',
    'port',
    'reserved-vlans',
    'run-dir',
    'state-dir',
    'switch',
    'tunnel-ip',
  ])
  for (const flag of flags) t.throws(() => parseFlags([`--${flag}`]), { message: new RegExp(`--${flag}`) })
  t.end()
})
