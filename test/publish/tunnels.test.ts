import t from 'tap'
import type { Uuid } from '../../src/ovsdb/notation.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { until } from '../lab/until.js'
import { column, logicalSwitch, publishOnServer, type Published } from './publisher-on-server.js'

const hv = '10.0.0.11' as IpAddress

/** The locators of an address, each with its key if it has one. */
const locators = async (published: Published, ip: string): Promise<string> =>
  (await column(published, 'Physical_Locator', 'dst_ip,tunnel_key', `dst_ip="${ip}"`)).join(' ')

t.test(
  'a locator that remote rows name no more is let go, and the Tunnel row with what it says moves on',
  async (t) => {
    const published = await publishOnServer(t)
    const { server } = published
    await logicalSwitch(published, 'ls0', 5001)
    const mac = '02:00:00:00:00:99'
    const locator = (tunnel_key: number) => ({
      op: 'insert',
      table: 'Physical_Locator',
      row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: hv, tunnel_key },
      'uuid-name': 'end',
    })
    await server.ctl('add-ucast-remote', 'ls0', mac, hv)
    const move = (tunnel_key: number) =>
      server.transact(locator(tunnel_key), {
        op: 'update',
        table: 'Ucast_Macs_Remote',
        where: [['MAC', '==', mac]],
        row: { locator: ['named-uuid', 'end'] },
      })
    const row = await until('the Tunnel row', async () => (await column(published, 'Tunnel', '_uuid'))[0])
    await server.ctl('set', 'Tunnel', row, 'bfd_params:enable=true')
    for (const key of [7001, 7002, 7001]) {
      await move(key)
      await until(
        'the former locator to be let go',
        async () =>
          (await column(published, 'Physical_Locator', 'dst_ip,tunnel_key', `dst_ip="${hv}"`)).join() ===
          `${hv},${key}`,
      )
    }
    t.same(await column(published, 'Tunnel', '_uuid,bfd_params'), [row, 'enable=true'])
    await move(7002)
    await published.settled()
    t.same(published.warnings, [])
  },
)

t.test('a Tunnel row stays at a locator that a row for many still names', async (t) => {
  const published = await publishOnServer(t)
  const { server } = published
  await logicalSwitch(published, 'ls0', 5001)
  await server.ctl('add-mcast-remote', 'ls0', 'unknown-dst', hv)
  const [id, end] = await until('the Tunnel row', async () => {
    const found = await column(published, 'Tunnel', '_uuid,remote')
    return found.length === 2 && found
  })
  const insert = { op: 'insert', table: 'Physical_Locator', 'uuid-name': 'end' }
  const [, inserted] = (await server.transact(
    { ...insert, row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: hv, tunnel_key: 7001 } },
    {
      op: 'insert',
      table: 'Ucast_Macs_Remote',
      row: {
        MAC: '02:00:00:00:00:99',
        logical_switch: ['uuid', (await column(published, 'Logical_Switch', '_uuid'))[0]],
        locator: ['named-uuid', 'end'],
      },
    },
  )) as { uuid?: unknown }[]
  t.ok(inserted?.uuid)
  await until('the replica to have both locators', () =>
    Promise.resolve(published.client.replica.table('Physical_Locator').size === 3),
  )
  await published.settled()
  t.same(await column(published, 'Tunnel', '_uuid,remote'), [id, end])
  await server.transact({ op: 'delete', table: 'Mcast_Macs_Remote', where: [] })
  await until('the locator without a key to be let go', async () => (await locators(published, hv)) === `${hv} 7001`)
  t.same(await column(published, 'Tunnel', '_uuid'), [id])
})

t.test('a Tunnel row moves to our locator without a key', async (t) => {
  const published = await publishOnServer(t)
  const { server } = published
  await logicalSwitch(published, 'ls0', 5001)
  await server.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:99', hv)
  const row = await until('the Tunnel row', async () => (await column(published, 'Tunnel', '_uuid'))[0])
  await server.transact(
    {
      op: 'insert',
      table: 'Physical_Locator',
      row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: '10.0.0.1', tunnel_key: 5 },
      'uuid-name': 'end',
    },
    { op: 'update', table: 'Tunnel', where: [], row: { local: ['named-uuid', 'end'] } },
  )
  await until('the locator with a key to be let go', async () => (await locators(published, '10.0.0.1')) === '10.0.0.1')
  await published.settled()
  t.same(await column(published, 'Tunnel', '_uuid'), [row])
})

t.test('a Tunnel row stands for each VTEP that remote rows name, bound or not, and goes with the last', async (t) => {
  const published = await publishOnServer(t)
  const { server } = published
  await logicalSwitch(published, 'ls0', 5001)
  await server.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:99', hv)
  await server.ctl('add-mcast-remote', 'ls0', 'unknown-dst', hv)
  for (const ip of ['10.0.0.1', 'nonsense', '10.0.0.12']) await server.ctl('add-mcast-remote', 'ls0', 'unknown-dst', ip)
  const remotes = async () => {
    const ids = await column(published, 'Tunnel', 'remote')
    return ids.map((id) => published.client.replica.table('Physical_Locator').get(id as Uuid)?.dst_ip).sort()
  }
  await until('a row for each', async () => (await remotes()).join() === `${hv},10.0.0.12`)
  await published.settled()
  t.same(await remotes(), [hv, '10.0.0.12'], 'none to ourselves')
  await server.ctl('del-mcast-remote', 'ls0', 'unknown-dst', hv)
  await server.ctl('clear-remote-macs', 'ls0', '--', 'add-ucast-remote', 'ls0', '02:00:00:00:00:98', hv)
  await until('one to go', async () => (await remotes()).join() === hv)
  await server.ctl('del-ucast-remote', 'ls0', '02:00:00:00:00:98')
  await until('the last to go', async () => (await column(published, 'Physical_Locator', 'dst_ip')).length === 0)
  t.same(await remotes(), [])
  t.same(published.warnings, [])
})

t.test('with two switches in one database none is made for what the other alone has bound', async (t) => {
  const published = await publishOnServer(t)
  const { server } = published
  await server.ctl('add-ps', 'gw2', '--', 'add-port', 'gw2', 'port2')
  for (const [index, name] of ['ours', 'theirs', 'idle', 'both'].entries()) {
    await logicalSwitch(published, name, index + 1)
    const isBound = (side: string) => name === side || name === 'both'
    if (isBound('ours')) await server.ctl('bind-ls', 'gw', 'port1', String(index), name)
    if (isBound('theirs')) await server.ctl('bind-ls', 'gw2', 'port2', String(index), name)
    await server.ctl('add-ucast-remote', name, '02:00:00:00:00:99', `10.0.1.${index}`)
  }
  const remotes = async () => {
    const ids = await column(published, 'Tunnel', 'remote')
    return ids
      .map((id) => published.client.replica.table('Physical_Locator').get(id as Uuid)?.dst_ip)
      .sort()
      .join()
  }
  await until(
    'rows of ours and of what nobody has bound',
    async () => (await remotes()) === '10.0.1.0,10.0.1.2,10.0.1.3',
  )
  await server.ctl('unbind-ls', 'gw', 'port1', '3', '--', 'bind-ls', 'gw', 'port1', '1', 'theirs')
  await until('the row of what was bound', async () => (await remotes()).includes('10.0.1.1'))
  t.equal(await remotes(), '10.0.1.0,10.0.1.1,10.0.1.2,10.0.1.3', 'a row that is there stays')
  await published.settled()
})

t.test('a Tunnel row keeps what the controller wrote, whatever locators and addresses do', async (t) => {
  const published = await publishOnServer(t)
  const { server } = published
  await logicalSwitch(published, 'ls0', 5001)
  await server.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:99', hv)
  const row = await until('the Tunnel row', async () => (await column(published, 'Tunnel', '_uuid'))[0])
  const local = 'bfd_dst_ip=169.254.1.0 bfd_dst_mac="00:23:20:00:00:01"'
  t.same(await column(published, 'Tunnel', 'bfd_config_local'), [local.replaceAll('"', '')])

  await server.ctl('set', 'Tunnel', row, 'bfd_params:enable=true', 'bfd_config_local:bfd_dst_ip=169.254.9.9')
  await server.ctl('remove', 'Tunnel', row, 'bfd_config_local', 'bfd_dst_mac')
  await until('the missing key to be written', async () =>
    (await server.ctl('get', 'Tunnel', row, 'bfd_config_local')).includes('bfd_dst_mac'),
  )
  t.match(await server.ctl('get', 'Tunnel', row, 'bfd_config_local'), '169.254.9.9', 'a value that is there stays')

  await published.say({ configuredTunnelIp: undefined, tunnelIp: undefined })
  t.same(await column(published, 'Tunnel', '_uuid'), [row], 'without an address it waits')
  const moved = '10.0.0.2' as IpAddress
  await published.say({ configuredTunnelIp: moved, tunnelIp: moved })
  t.same(await column(published, 'Tunnel', '_uuid'), [row])
  t.equal(await server.ctl('get', 'Tunnel', row, 'bfd_params:enable'), '"true"')
  const [end] = await column(published, 'Tunnel', 'local')
  t.equal(published.client.replica.table('Physical_Locator').get(end as Uuid)?.dst_ip, '10.0.0.2')
})

t.test('bfd_status is written when it changed, again when the server lost it, and cleared', async (t) => {
  const published = await publishOnServer(t)
  const { server } = published
  await logicalSwitch(published, 'ls0', 5001)
  await server.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:99', hv)
  await until('the Tunnel row', async () => (await column(published, 'Tunnel', '_uuid'))[0])
  const read = async () => (await column(published, 'Tunnel', 'bfd_status')).join()
  const say = (state: string) => published.say({ bfdStatus: new Map([[hv, new Map([['state', state]])]]) })
  await say('up')
  t.equal(await read(), 'state=up')
  const count = published.transactions()
  await say('up')
  t.equal(published.transactions(), count)
  await server.kill()
  await server.start()
  await until('the status to be written again', async () => (await read()) === 'state=up')
  await published.settled()
  await published.say({ bfdStatus: new Map() })
  t.equal(await read(), '')
})
