import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeBox } from './box.js'

t.test('a gateway whose run directory is lost is found by its network namespace', async (t) => {
  const box = await makeBox(t)
  const daemon = await box.start()
  rmSync(box.runDir, { recursive: true })
  const itself = `vtepd with process id ${daemon.pid} (run directory «${box.runDir}») runs the switch «gw»`
  t.match(await box.vtep('show'), {
    status: 3,
    stderr: `vtep: no vtepd runs with the run directory ${box.runDir}; ${itself} here\n`,
  })
  t.match(await box.vtep('datapath', 'detach'), {
    status: 1,
    stderr: `vtep: ${itself}: end it first, then run this again\n`,
  })

  await daemon.stop('SIGKILL')
  rmSync(box.runDir, { recursive: true, force: true })
  const leftovers = async () =>
    (await box.namespace.run(['tc', 'filter', 'show', 'dev', 'port1', 'ingress'])) +
    (await box.namespace.run(['ip', '-br', 'link']))
  t.match(await leftovers(), /access_tc[^]*vtep-vxlan/)
  t.match(await box.vtep('show'), { status: 3, stderr: /; the gateway «gw» forwards without one\n$/ })

  const dirs = ['--run-dir', join(box.directory, 'run2'), '--state-dir', join(box.directory, 'state2')] as const
  t.match(await box.attemptVtepd('--switch', 'leaf', ...dirs), {
    status: 1,
    stderr:
      'vtepd: --switch: this network namespace has one gateway, which is «gw», not «leaf», and forwards without a daemon: ' +
      '`vtep datapath detach` removes it\n',
  })
  t.notOk(existsSync(dirs[1]) || existsSync(dirs[3]), 'nothing was made')

  t.match(await box.vtep('datapath', 'detach'), {
    status: 0,
    stdout: 'the gateway «gw» is removed from the kernel; no daemon was running\n',
  })
  t.notMatch(await leftovers(), /access_tc|vtep-vxlan/)
  t.match(await box.vtep('datapath', 'detach'), { status: 1, stderr: /nothing to remove/ })
})

t.test('programs are found where the VXLAN device is gone, and another gateway is left alone', async (t) => {
  const box = await makeBox(t)
  const daemon = await box.start()
  await daemon.stop('SIGKILL')
  await box.namespace.run(['ip', 'link', 'set', 'vtep-vxlan', 'alias', 'vtep-gateway leaf'])
  t.match(await box.vtep('datapath', 'detach'), {
    status: 1,
    stderr: /is «leaf», but the run directory .* is of «gw»\n$/,
  })
  await box.namespace.ip('link del vtep-vxlan')
  t.match(await box.vtep('datapath', 'detach'), { status: 0, stdout: /^what was left of a gateway is removed/ })
  t.notMatch(await box.namespace.run(['tc', 'filter', 'show', 'dev', 'port1', 'ingress']), /access_tc/)
})
