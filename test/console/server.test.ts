import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { ConsoleServer } from '../../src/console/server.js'
import { consoleSocketPath } from '../../src/console/socket-path.js'
import { openLab } from '../lab/lab.js'

t.test('a client that connects and says nothing does not keep the console from closing', async (t) => {
  const lab = await openLab()
  t.teardown(lab.close)
  const runDir = lab.directory('run')
  const ignore = (): void => undefined
  const server = new ConsoleServer({
    runDir,
    log: { info: ignore, warn: ignore },
    show: () => ({ shown: {}, isInService: true }),
    detach: () => Promise.resolve(),
  })
  await server.start()
  const silent = connect(consoleSocketPath(runDir))
  const halfSaid = connect(consoleSocketPath(runDir))
  await Promise.all([once(silent, 'connect'), once(halfSaid, 'connect')])
  halfSaid.write('GET /v1/show HTTP/1.1\r\n')
  const cut = [silent, halfSaid].map(
    (socket) => new Promise((resolve) => socket.on('error', ignore).on('close', resolve).resume()),
  )
  await server.close()
  await Promise.all(cut)
  await server.close()
})
