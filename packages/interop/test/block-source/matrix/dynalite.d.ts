declare module 'dynalite' {
  import type { Server } from 'node:http'

  /** DynamoDB in memory. */
  function dynalite (options: { createTableMs?: number }): Server

  export = dynalite
}
