#!/usr/bin/env node
import { readBox } from './config/box.js'
import { readConfigFile } from './config/config-file.js'
import { parseFlags } from './config/flags.js'
import { loadConfig, type LoadedConfig } from './config/load-config.js'
import { VTEPD_USAGE } from './config/usage.js'
import { claimRun } from './main/claim.js'
import { Daemon, type DaemonEnd } from './main/daemon.js'
import { openLog } from './main/log.js'
import { version } from './main/version.js'

/** The daemon's main: flags and file -> config -> claim -> daemon, until a signal or its own end. */
async function main(argv: readonly string[]): Promise<void> {
  const invocation = parseFlags(argv)
  switch (invocation.kind) {
    case 'help':
      process.stdout.write(VTEPD_USAGE)
      return
    case 'version':
      process.stdout.write(`vtepd ${version()}\n`)
      return
    case 'run': {
      const file = invocation.configFile === undefined ? undefined : readConfigFile(invocation.configFile)
      await run(loadConfig(invocation.said, file, readBox()))
    }
  }
}

type End = DaemonEnd | { readonly kind: 'signal'; readonly name: string }

async function run({ config, missing, originOf }: LoadedConfig): Promise<void> {
  const signalled = new Promise<End>((end) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => end({ kind: 'signal', name }))
  })
  const claim = await claimRun(config.runDir, config.switchName, originOf)
  const log = openLog(config.logLevel)
  log.info('starting', { version: version(), switch: config.switchName, runDir: config.runDir })
  for (const { name, netdev } of missing.ports) log.warn('port_device_missing', { port: name, netdev })
  if (missing.tunnelIp !== undefined) log.warn('tunnel_address_missing', { tunnelIp: missing.tunnelIp })

  let giveUp: (end: End) => void = () => undefined
  const gaveUp = new Promise<End>((end) => (giveUp = end))
  const daemon = new Daemon(config, version(), log, giveUp)
  daemon.start().catch((cause: unknown) => giveUp({ kind: 'failed', cause }))

  const end = await Promise.race([signalled, gaveUp])
  log.info('ending', end.kind === 'signal' ? { signal: end.name } : { reason: end.kind })
  await daemon.close()
  await claim.release()
  if (end.kind === 'failed') throw end.cause
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (cause: unknown) => {
    process.stderr.write(`vtepd: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exit(1)
  },
)
