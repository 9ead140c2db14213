import { existsSync } from 'node:fs'
import t from 'tap'
import { startBackground } from '../lab/background.js'
import { checkoutPath } from '../lab/checkout.js'
import { attempt } from '../lab/command.js'
import { until } from '../lab/until.js'

const demo = [process.execPath, checkoutPath('dist-test/test/lab/demo.js')]

t.test('the demonstration with --once shows that everything works, and leaves nothing behind', async (t) => {
  const begun = performance.now()
  const outcome = await attempt([...demo, '--once'])
  t.equal(outcome.status, 0, outcome.stdout + outcome.stderr)
  t.match(outcome.stdout, /ok {2}ping/)
  t.match(outcome.stdout, /ok {2}TCP: VM -> server/)
  t.match(outcome.stdout, /02:00:00:00:00:01/, "the console's table of MACs has the server's")
  t.ok(performance.now() - begun < 20_000, 'in under 20 seconds')
})

t.test('it stays up until Ctrl-C and then removes all that it made', async (t) => {
  const running = startBackground(demo)
  t.teardown(() => running.stop('SIGKILL'))
  await until('the list of things to try', () => Promise.resolve(running.output().includes('Ctrl-C ends')))
  const [, server = ''] = /ip netns exec (\S+) ping/.exec(running.output()) ?? []
  t.equal((await attempt(['ip', 'netns', 'exec', server, 'ping', '-c', '1', '-W', '2', '10.0.0.101'])).status, 0)
  const [, vtepd = ''] = /kill -9 (\d+)/.exec(running.output()) ?? []
  process.kill(Number(vtepd), 'SIGKILL')
  await until('vtepd to be gone', () => Promise.resolve(!existsSync(`/proc/${vtepd}`)))
  t.equal((await attempt(['ip', 'netns', 'exec', server, 'ping', '-c', '3', '-W', '2', '10.0.0.101'])).status, 0)
  t.ok(running.running(), 'also without its daemon')
  t.match(await running.stop('SIGINT'), { code: 0 })
  t.same(remains(running.pid), [])
})

t.test('a run after a crash removes what the crashed one left, and only that', async (t) => {
  const living = startBackground(demo)
  t.teardown(() => living.stop('SIGINT'))
  const crashed = startBackground(demo)
  for (const run of [living, crashed]) {
    await until('the list of things to try', () => Promise.resolve(run.output().includes('Ctrl-C ends')))
  }
  await crashed.stop('SIGKILL')
  t.not(remains(crashed.pid).length, 0)
  const next = await attempt([...demo, '--once'])
  t.equal(next.status, 0, next.stdout + next.stderr)
  t.same(remains(crashed.pid), [])
  const [, server = ''] = /ip netns exec (\S+) ping/.exec(living.output()) ?? []
  t.equal((await attempt(['ip', 'netns', 'exec', server, 'ping', '-c', '1', '-W', '2', '10.0.0.101'])).status, 0)
})

function remains(pid: number): string[] {
  const roles = ['server1', 'gateway', 'underlay', 'hypervisor1', 'vm1']
  return roles.map((role) => `/run/netns/vtepgw-${pid}-1-${role}`).filter((path) => existsSync(path))
}
