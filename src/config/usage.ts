import { DEFAULTS } from './load-config.js'

/** What `vtepd --help` prints. */
export const VTEPD_USAGE = `vtepd: joins the bare-metal servers on this box's access ports to VXLAN networks, as an OVSDB hardware_vtep controller says.

usage: vtepd [flags]

  --config FILE          read settings from this YAML file; flags win over it
  --switch NAME          Physical_Switch.name: what controllers call this box (default: the host name)
  --tunnel-ip ADDR       IPv4 address of this box that tunnels start from (default: the first of Physical_Switch.tunnel_ips)
  --port NAME[=NETDEV]   an access port and the network device behind it (repeatable; NETDEV defaults to NAME)
  --reserved-vlans [PORT=]VLANS
                         VLANs that no controller may bind, on this port or on all: '1, 100-199', swp1=4000; 0 is
                         untagged (repeatable). A binding of one is not served and is the port's fault invalid_vlan_map
  --ovsdb TARGET         use this database server: unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT
                         (default: start and supervise an own ovsdb-server)
  --manager TARGET       add this Manager where missing: tcp:HOST[:PORT], ssl:..., ptcp:[PORT][:HOST], pssl:... (repeatable)
  --state-dir DIR        database of the own ovsdb-server (default: ${DEFAULTS.stateDir})
  --run-dir DIR          sockets and the process's record (default: ${DEFAULTS.runDir})
  --datapath-mode MODE   auto, xdp or tc (default: auto: XDP on physical devices whose driver has it, else tc)
  --max-macs N           local MACs at the most, in all (default: ${DEFAULTS.macLimits.table}, which is what the kernel's table holds)
  --max-macs-per-switch N
                         in one logical switch (default: ${DEFAULTS.macLimits.switch})
  --max-macs-per-port N  of one port (default: ${DEFAULTS.macLimits.port}); a port at its limit learns no more until MACs age. At
                         the limits of all and of a logical switch the port that holds most gives up its oldest, and the
                         last sixteenth is kept for ports below their equal share. What is not learned is flooded.
  --log-level LEVEL      error, warn, info or debug (default: info); JSON lines on standard error
  --arp-nd-suppression FLAG
                         true: answer servers' ARP requests and neighbour solicitations for remote MACs whose address
                         the controller gave (Ucast_Macs_Remote.ipaddr); false: flood them. Logical_Switch's
                         other_config:arp-nd-suppression=true|false says it for one network (default: true)
  -h, --help             print this
  -V, --version          print the version

A config file has the same settings as keys:

  switch: leaf-7
  tunnel-ip: 192.0.2.7
  ports: [swp1, 'rack 4=enp3s0']
  reserved-vlans: [1, 100-199, swp1=4000]
  managers: ['ptcp:6640']
  # ovsdb, state-dir, run-dir, datapath-mode, max-macs..., log-level, arp-nd-suppression as above; and these, which have no flag:
  mac-ageing: ${DEFAULTS.macAgeingS}          # seconds until a silent local MAC is forgotten
  flood-to-remote-macs: ${DEFAULTS.floodsToRemoteMacs}  # where no row says where unknown-dst is, BUM goes to the VTEPs of the remote MACs
                              # (Logical_Switch.other_config:flood-to-remote-macs wins)
  stats-interval: ${DEFAULTS.statsIntervalS}        # seconds between two looks at the counters; what changed goes into Logical_Binding_Stats
  description: rack 4, left       # Physical_Switch.description
  management-ips: [198.51.100.7]  # Physical_Switch.management_ips
  private-key: /etc/vtepd/key.pem # TLS towards the database and managers: all three or none
  certificate: /etc/vtepd/cert.pem
  ca-cert: /etc/vtepd/ca.pem

Signals: SIGTERM and SIGINT end the daemon; forwarding goes on in the kernel and the database keeps its rows.
\`vtep datapath detach\` is what removes the gateway from the kernel.

Exit status: 0 ended as asked, 1 an error that was said on standard error.
`
