import type { Background } from '../lab/background.js'
import type { Box } from '../lab/box.js'
import { type Host, makeHost } from '../lab/host.js'
import type { Lab } from '../lab/lab.js'
import type { BoxKind } from '../lab/scene.js'
import { makeUnderlay } from '../lab/underlay.js'
import { until } from '../lab/until.js'
import { type OvnCentral, startOvnCentral } from './ovn-central.js'
import { type OvnHypervisor, startOvnHypervisor } from './ovn-hypervisor.js'

/** Inner MTU that also fits the Geneve tunnels between the hypervisors. */
const mtu = 1400

export interface OvnScene<B extends Box = Box> {
  readonly gateway: B
  /** The control plane that was started. */
  readonly daemon: Background
  readonly central: OvnCentral
  readonly hypervisors: readonly [OvnHypervisor, OvnHypervisor]
  /** Two VMs, an untagged server on port1 and one in VLAN 100 on port2. */
  readonly vms: readonly [Host, Host]
  readonly servers: readonly [Host, Host]
}

/** OVN with two hypervisors and a logical switch sw0, the box with logical switch blue bound; the two are not yet joined. */
export async function buildOvnScene<B extends Box>(lab: Lab, kind: BoxKind<B>): Promise<OvnScene<B>> {
  const underlay = await makeUnderlay(lab, { physical: true })
  const gateway = await kind.make(lab, underlay, ['port1', 'port2'])
  const at = (device: string, namespace = gateway.namespace) => ({ namespace, device, mtu: 1500 })
  const { physical } = kind
  const untagged = await makeHost(lab, 'server1', at('port1'), { number: 1, mtu, physical })
  const tagged = await makeHost(lab, 'server2', at('port2'), { number: 2, mtu, physical, vlan: 100 })
  const daemon = await gateway.start()
  await gateway.controller.ctl('add-ls', 'blue')
  await gateway.controller.bind('port1', 0, 'blue')
  await gateway.controller.bind('port2', 100, 'blue')

  const central = await startOvnCentral(lab, underlay)
  const first = await startOvnHypervisor(lab, 'hypervisor1', underlay, central)
  const second = await startOvnHypervisor(lab, 'hypervisor2', underlay, central)
  await central.nb('ls-add', 'sw0')
  const addVm = async (name: string, number: number, home: OvnHypervisor) => {
    const vm = await makeHost(lab, name, at(name, home.namespace), { number, mtu, physical: true })
    await central.nb('lsp-add', 'sw0', name, '--', 'lsp-set-addresses', name, `${vm.mac} ${vm.address}`)
    await home.addPort(name, name)
    return vm
  }
  const vms = [await addVm('vm1', 101, first), await addVm('vm2', 102, second)] as const
  await until('OVN to bind both VMs', async () => {
    const up = await central.sb('--bare', '--columns=up', 'list', 'Port_Binding')
    return up.split('\n').filter((line) => line === 'true').length === 2
  })
  return { gateway, daemon, central, hypervisors: [first, second], vms, servers: [untagged, tagged] }
}

/** Joins logical switch blue of the gateway to OVN's sw0. */
export async function joinVtepPort(scene: OvnScene): Promise<void> {
  await scene.central.nb(
    ...['--may-exist', 'lsp-add', 'sw0', 'sw0-vtep', '--', 'lsp-set-type', 'sw0-vtep', 'vtep'],
    ...['--', 'lsp-set-options', 'sw0-vtep', `vtep-physical-switch=${scene.gateway.name}`, 'vtep-logical-switch=blue'],
    ...['--', 'lsp-set-addresses', 'sw0-vtep', 'unknown'],
  )
}

/** Takes the joint away again. */
export async function unsetVtepPort(scene: OvnScene): Promise<void> {
  await scene.central.nb('lsp-set-type', 'sw0-vtep', '', '--', 'clear', 'Logical_Switch_Port', 'sw0-vtep', 'options')
}

/** Gives sw0 a router port that lives on the first hypervisor; returns its address. */
export async function addRouter({ central, hypervisors }: OvnScene): Promise<string> {
  const address = '10.0.0.254'
  await central.nb(
    ...['lr-add', 'lr0', '--', 'lrp-add', 'lr0', 'lr0-sw0', '02:00:00:00:fe:01', `${address}/24`],
    ...['--', 'lrp-set-gateway-chassis', 'lr0-sw0', hypervisors[0].name],
    ...['--', 'lsp-add', 'sw0', 'sw0-lr0', '--', 'lsp-set-type', 'sw0-lr0', 'router'],
    ...['--', 'lsp-set-options', 'sw0-lr0', 'router-port=lr0-sw0', '--', 'lsp-set-addresses', 'sw0-lr0', 'router'],
  )
  return address
}
