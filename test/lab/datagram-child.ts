// Runs inside a namespace: sends each line of standard input, an address and a UDP datagram with its header in base64, as the
// payload of an IPv4 packet, and answers each with a line of its own.
import { createInterface } from 'node:readline'
import raw from 'raw-socket'

const socket = raw.createSocket({ protocol: raw.Protocol.UDP })
const answer = (line: string) => process.stdout.write(`${line}\n`)
socket.on('error', (error) => answer(`refused: ${error.message}`))

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [address = '', text = ''] = line.split(' ')
    const datagram = Buffer.from(text, 'base64')
    socket.send(datagram, 0, datagram.length, address, (error) =>
      answer(error === null ? 'sent' : `refused: ${error.message}`),
    )
  })
  .on('close', () => process.exit(0))
answer('ready')
