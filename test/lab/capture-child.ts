// Runs inside a namespace as a process of its own: node-pcap's close() waits for one more packet, so this process just exits.
import pcap from 'pcap'

const [device = '', filter = '', snapLength = '65535'] = process.argv.slice(2)

const session = pcap.createSession(device, {
  filter,
  snap_length: Number(snapLength),
  buffer_size: 32 * 1024 * 1024,
  buffer_timeout: 0,
})

// header: struct pcap_pkthdr as node-pcap copies it: seconds, microseconds, captured length, length
session.on('packet', (packet: { buf: Buffer; header: Buffer }) => {
  const captured = packet.header.readUInt32LE(8)
  const length = packet.header.readUInt32LE(12)
  process.stdout.write(`frame ${length} ${packet.buf.toString('base64', 0, captured)}\n`)
})

process.stdin.on('data', () => undefined).on('end', () => process.exit(0))
process.stdout.write('ready\n')
