import tseslint from 'typescript-eslint'

/** What each folder of src may import of the others: folders, or single files of one. */
const mayImport = {
  config: ['schema', 'ovsdb/endpoint'],
  console: ['config', 'datapath', 'desired', 'ovsdb', 'reconcile', 'schema'],
  datapath: ['schema', 'ovsdb/notation'],
  desired: ['persistent', 'schema', 'ovsdb/notation', 'ovsdb/parsed', 'ovsdb/replica'],
  embedded: ['ovsdb'],
  ovsdb: ['persistent'],
  persistent: [],
  publish: ['ovsdb', 'persistent', 'schema'],
  reconcile: ['datapath', 'desired', 'persistent', 'schema', 'ovsdb/notation'],
  schema: ['ovsdb/notation', 'ovsdb/parsed', 'ovsdb/description', 'ovsdb/operation'],
}
const folders = ['main', ...Object.keys(mayImport)]
const pureFiles = ['src/persistent/**', 'src/schema/**', 'src/desired/**', 'src/reconcile/diff*', 'src/reconcile/plan*']

const noNode = { regex: '^node:', message: 'This folder is pure: it imports nothing of Node.' }
const direction = (folder) => ({
  regex: `^(\\.\\./)+(?!(${[folder, ...mayImport[folder]].join('|')})[/.])(${folders.join('|')})/`,
  message: `src/${folder} may import ${mayImport[folder].join(', ') || 'no other folder'} only.`,
})
const restrictImports = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
})
const isPure = (folder) => pureFiles.includes(`src/${folder}/**`)

const clocksAndIo = ['Date', 'performance', 'process', 'Buffer', 'setTimeout', 'setInterval', 'setImmediate', 'console']

export default tseslint.config(
  { ignores: ['**/*.d.ts'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: false }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 320 }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        { selector: 'Decorator', message: 'No decorators.' },
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'ExportAllDeclaration', message: 'No barrel files: import from the file that defines the name.' },
        {
          selector: 'ClassDeclaration[superClass][superClass.name!=/Error$/]',
          message: 'Inherit from nothing but an Error.',
        },
      ],
    },
  },
  restrictImports(['src/**/*.ts'], [{ regex: '/test/', message: 'src imports nothing of test.' }]),
  ...Object.keys(mayImport).map((folder) =>
    restrictImports([`src/${folder}/**/*.ts`], isPure(folder) ? [direction(folder), noNode] : [direction(folder)]),
  ),
  restrictImports(
    pureFiles.filter((glob) => glob.startsWith('src/reconcile/')),
    [direction('reconcile'), noNode],
  ),
  { files: pureFiles, rules: { 'no-restricted-globals': ['error', ...clocksAndIo] } },
  { files: ['**/*.generated.ts'], rules: { 'max-lines': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        // tap itself awaits the promise of a subtest.
        { allowForKnownSafePromises: [{ from: 'package', package: '@tapjs/core', name: 'PromiseWithSubtest' }] },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      // An async callback is how a subtest says that it ends where its body ends.
      '@typescript-eslint/require-await': 'off',
    },
  },
)
