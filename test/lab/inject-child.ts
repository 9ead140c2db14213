// Runs inside a namespace: sends each line of standard input, a frame in base64, and answers each with a line of its own.
import pcap from 'pcap'
import { createInterface } from 'node:readline'

const [device = ''] = process.argv.slice(2)
const session = pcap.createSession(device, { filter: 'less 1', buffer_size: 65_536, buffer_timeout: 0 })

createInterface({ input: process.stdin })
  .on('line', (line) => process.stdout.write(`${send(Buffer.from(line, 'base64'))}\n`))
  .on('close', () => process.exit(0))
process.stdout.write('ready\n')

function send(frame: Buffer): string {
  try {
    session.inject(frame)
    return 'sent'
  } catch (error) {
    return `refused: ${String(error)}`
  }
}
