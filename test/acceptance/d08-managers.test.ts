import { join } from './join.js'
import { scenario } from './scenario.js'

scenario('D8', "the controller's own Manager rows", {}, async (t, stage) => {
  const { controller, gateway } = stage
  const managers = () =>
    controller.ctl('--columns=_uuid,target,max_backoff,inactivity_probe,other_config', 'list', 'Manager')
  const targets = () => controller.ctl('get', 'Global', '.', 'managers')
  await controller.ctl('set-manager', 'ptcp:6640:127.0.0.1', 'tcp:127.0.0.1:6650')
  const listener = await controller.ctl('--bare', '--columns=_uuid', 'find', 'Manager', 'target="ptcp:6640:127.0.0.1"')
  await controller.ctl('set', 'Manager', listener, 'inactivity_probe=30000', 'other_config:dscp=8')
  const before = [await managers(), await targets()]

  await t.test('stay as they are while the box works and after its daemon has started again', async (t) => {
    await join(stage)
    t.same([await managers(), await targets()], before)
    await stage.daemon.stop('SIGTERM')
    await gateway.start()
    await stage.reaches(stage.servers[0]!, '10.0.0.101')
    t.same([await managers(), await targets()], before)
  })
})
