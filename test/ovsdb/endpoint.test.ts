import t from 'tap'
import { formatEndpoint, parseEndpoint } from '../../src/ovsdb/endpoint.js'

t.test('an endpoint is read and printed back', (t) => {
  const cases = {
    'unix:/run/vtep/db.sock': { kind: 'unix', path: '/run/vtep/db.sock' },
    'unix:relative:with:colons': { kind: 'unix', path: 'relative:with:colons' },
    'tcp:192.0.2.1:6640': { kind: 'tcp', host: '192.0.2.1', port: 6640 },
    'tcp:controller.example:6640': { kind: 'tcp', host: 'controller.example', port: 6640 },
    'ssl:[2001:db8::1]:6640': { kind: 'ssl', host: '2001:db8::1', port: 6640 },
    'tcp:[fe80::1%eth0]:65535': { kind: 'tcp', host: 'fe80::1%eth0', port: 65535 },
  }
  for (const [text, value] of Object.entries(cases)) {
    const endpoint = parseEndpoint(text)
    t.strictSame(endpoint, { ok: true, value })
    if (endpoint.ok) t.equal(formatEndpoint(endpoint.value), text)
  }
  t.end()
})

t.test('a refusal quotes the text and says what is wrong with it', (t) => {
  const cases: Record<string, RegExp> = {
    '': /"" is not an OVSDB endpoint: expected unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT/,
    'ptcp:6640': /"ptcp:6640" is not an OVSDB endpoint/,
    'TCP:192.0.2.1:6640': /is not an OVSDB endpoint/,
    'unix:': /has no path/,
    'tcp:192.0.2.1': /has no port/,
    'tcp:[2001:db8::1]': /has no port/,
    'tcp::6640': /has no host/,
    'tcp:[]:6640': /has no host/,
    'tcp:[192.0.2.1]:6640': /"192.0.2.1" in brackets, which is not an IPv6 address/,
    'tcp:2001:db8::1:6640': /IPv6 address without brackets/,
    'tcp:192.0.2.1:0': /port "0": expected a number from 1 to 65535/,
    'tcp:192.0.2.1:65536': /port "65536"/,
    'ssl:192.0.2.1:https': /port "https"/,
    'ssl:192.0.2.1:': /port ""/,
  }
  for (const [text, complaint] of Object.entries(cases)) t.match(parseEndpoint(text), { ok: false, reason: complaint })
  t.end()
})
