import { operationsOn } from '../ovsdb/operation.js'
import { hardwareVtep } from './rows.generated.js'

/** The operations of RFC 7047 section 5.2 on the tables of hardware_vtep. */
export const { insert, update, mutate, remove, wait } = operationsOn(hardwareVtep)
