import t from 'tap'
import { lockName } from '../../src/main/lock-name.js'

t.test('every name makes a lock that RFC 7047 allows, and no two names the same', (t) => {
  const names = ['gw', 'leaf-7', 'leaf_7', 'leaf_2d7', 'rack 4 "left"', 'Zürich', '交換機']
  const locks = names.map(lockName)
  for (const lock of locks) t.match(lock, /^[A-Za-z_][A-Za-z0-9_]*$/)
  t.equal(new Set(locks).size, names.length)
  t.equal(lockName('leaf-7'), 'vtep_leaf_2d7')
  t.end()
})
