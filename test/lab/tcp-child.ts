// One end of a TCP check: sends `amount` bytes that the port number seeds, and digests what it receives.
// Usage: tcp-child listen|connect ADDRESS PORT AMOUNT; prints `listening`, then `{"received":N,"digest":"..."}`.
import { createHash } from 'node:crypto'
import { createServer, connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { tcpContent } from './tcp-content.js'

const [role = '', address = '', port = '', amount = ''] = process.argv.slice(2)

if (role === 'listen') {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    server.close()
    void exchange(socket)
  })
  server.listen(Number(port), address, () => process.stdout.write('listening\n'))
} else {
  const socket = connect({ host: address, port: Number(port), allowHalfOpen: true }, () => void exchange(socket))
  socket.on('error', fail)
}

async function exchange(socket: Socket): Promise<void> {
  const hash = createHash('sha256')
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    hash.update(chunk)
  })
  try {
    await Promise.all([
      pipeline(Readable.from(tcpContent(Number(amount))), socket),
      finished(socket, { writable: false }),
    ])
  } catch (error) {
    fail(error)
  }
  process.stdout.write(`${JSON.stringify({ received, digest: hash.digest('hex') })}\n`, () => process.exit(0))
}

function fail(error: unknown): never {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
}
