/**
 * What has to happen in one step. A lease is the text `run epoch part`; a row is the text `node run`.
 */
export const scripts = {
  /**
   * Writes a lease. `take`: whoever holds it. `fresh`: only where no other process does. `keep`: only where this run
   * does. KEYS lease, nodes, changes. ARGV node, boot id, run, text, lease time in ms, way, `changed` to count it as a
   * change.
   */
  confabLease: {
    numberOfKeys: 3,
    lua: `
      local held = redis.call('GET', KEYS[1])
      if held and ARGV[6] ~= 'take' and string.sub(held, 1, #ARGV[2] + 1) ~= ARGV[2] .. '~' then return 'taken' end
      if ARGV[6] == 'keep' then
        if not held or string.sub(held, 1, #ARGV[3] + 1) ~= ARGV[3] .. ' ' then return 'lapsed' end
      end
      redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
      redis.call('SADD', KEYS[2], ARGV[1])
      if ARGV[7] == 'changed' then redis.call('INCR', KEYS[3]) end
      return 'held'`,
  },
  /** Gives up a lease where this process holds it. KEYS lease, nodes, changes. ARGV node, boot id. */
  confabLeave: {
    numberOfKeys: 3,
    lua: `
      local held = redis.call('GET', KEYS[1])
      if not held or string.sub(held, 1, #ARGV[2] + 1) ~= ARGV[2] .. '~' then return 0 end
      redis.call('DEL', KEYS[1])
      redis.call('SREM', KEYS[2], ARGV[1])
      redis.call('INCR', KEYS[3])
      return 1`,
  },
  /**
   * Which Redis this is, whether it may evict keys, and every lease. Where the generation is missing it is set.
   * KEYS generation, nodes, changes. ARGV a new generation, what a lease's key begins with.
   * Answers: run id of Redis, generation, changes, the policy by which keys are evicted or '', then node, lease, node,
   * lease...
   */
  confabPoll: {
    numberOfKeys: 3,
    lua: `
      local generation = redis.call('GET', KEYS[1])
      if not generation then
        generation = ARGV[1]
        redis.call('SET', KEYS[1], generation)
      end
      local about = redis.call('INFO', 'server', 'memory')
      local server = string.match(about, 'run_id:(%w+)')
      local policy = string.match(about, 'maxmemory_policy:([%w-]+)') or ''
      if policy == 'noeviction' or string.match(about, 'maxmemory:(%d+)') == '0' then policy = '' end
      local answer = { server, generation, redis.call('GET', KEYS[3]) or '0', policy }
      for _, node in ipairs(redis.call('SMEMBERS', KEYS[2])) do
        local lease = redis.call('GET', ARGV[2] .. node)
        if lease then
          answer[#answer + 1] = node
          answer[#answer + 1] = lease
        else
          redis.call('SREM', KEYS[2], node)
        end
      end
      return answer`,
  },
  /**
   * The rows of many hashes, each hash as one text of lines: as cheap to read as one reply.
   * ARGV how many keys. KEYS generation, changes, hashes. Answers: generation, changes, then the texts.
   */
  confabRows: {
    lua: `
      local answer = { redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or '0' }
      for at = 3, #KEYS do answer[at] = table.concat(redis.call('HVALS', KEYS[at]), '\\n') end
      return answer`,
  },
  /** Removes one row where it is this one. KEYS hash. ARGV field, row. */
  confabRelease: {
    numberOfKeys: 1,
    lua: `
      if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
      return redis.call('HDEL', KEYS[1], ARGV[1])`,
  },
  /**
   * Removes the rows of a run that is over: looked at again here, since it may have begun after the rows were read.
   * KEYS hash, lease of the node. ARGV row, run.
   */
  confabForget: {
    numberOfKeys: 2,
    lua: `
      local held = redis.call('GET', KEYS[2])
      if held and string.sub(held, 1, #ARGV[2] + 1) == ARGV[2] .. ' ' then return 0 end
      local removed = 0
      local rows = redis.call('HGETALL', KEYS[1])
      for at = 1, #rows, 2 do
        if rows[at + 1] == ARGV[1] then removed = removed + redis.call('HDEL', KEYS[1], rows[at]) end
      end
      return removed`,
  },
} as const;

/** The scripts as methods of a connection. */
export interface ScriptCalls {
  confabLease(...keysAndArguments: string[]): Promise<string>;
  confabLeave(...keysAndArguments: string[]): Promise<number>;
  confabPoll(...keysAndArguments: string[]): Promise<string[]>;
  confabRows(keys: number, ...keysAndArguments: string[]): Promise<string[]>;
  confabRelease(...keysAndArguments: string[]): Promise<number>;
  confabForget(...keysAndArguments: string[]): Promise<number>;
}
