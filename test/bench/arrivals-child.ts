// Runs inside a namespace as a VTEP: for each VXLAN frame prints when it came (nanoseconds of the monotonic clock) and to which MAC.
import { createSocket } from 'node:dgram'

const innerDestination = 8

createSocket('udp4')
  .on('message', (datagram) => {
    const now = process.hrtime.bigint()
    const mac = datagram.subarray(innerDestination, innerDestination + 6)
    process.stdout.write(`${now} ${[...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}\n`)
  })
  .bind(4789, '0.0.0.0', () => process.stdout.write('ready\n'))
