import type { AclRule } from '../schema/acl-rule.js'

/**
 * What is in force where an ACL could not be put: nothing passes. Told by identity: the kernel is asked again even where the same
 * rule is what the controller wants.
 */
export const closedRules: readonly AclRule[] = [{ action: 'deny' }]
