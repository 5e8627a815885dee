/**
 * @packageDocumentation
 *
 * Kitsune is tested with real clients and nodes, not with
 * imitations of them. This package finds and starts them:
 *
 * - {@link startKubo}: a kubo daemon with its own repository, key and ports, that can be killed, suspended and restarted
 * - {@link createDag}: a deterministic file of any size and block size, shared out between kubos without copying a block
 * - {@link startRelay}: a TCP proxy that adds latency, or falls silent
 * - {@link startBalancer}: a `kitsune-balancer` in its own process
 * - {@link startJsIpfs}: a js-ipfs in its own process, which speaks mplex and nothing else
 * - {@link createWirePeer}: a libp2p host whose every bitswap message the test writes, also messages that no honest peer sends
 *
 * When the process that made them ends, all processes and folders are removed.
 *
 * @example A pin through a balancer
 *
 * ```TypeScript
 * import { createDag, findKubo, startBalancer, startKubo } from '@kitsune/interop'
 *
 * const binary = findKubo()?.path ?? 'ipfs'
 * const dag = await createDag(binary, { size: 1 << 20, blockSize: 1 << 18 })
 * const holder = await startKubo(binary, { dag })
 * const balancer = await startBalancer({ downstreams: [holder.url] })
 * const client = await startKubo(binary)
 *
 * await client.connect(balancer.tcp)
 * await client.pin(dag.root)
 * ```
 */

export { startBalancer, balancerScript, parseMetrics } from './balancer.ts'
export { blockOf, seededBlock, seededBlocks } from './blocks.ts'
export { createDag, leafCids, seededBuffer, seededBytes } from './dag.ts'
export { MissingPeerError, RpcError, StartError, WaitError } from './errors.ts'
export { caddyMissing, findCaddy, findRedis, redisMissing } from './find-debian.ts'
export { chromiumMissing, searchChromium } from './find-chromium.ts'
export { LAST_JS_IPFS, OLD_JS_IPFS, jsIpfsCachePath, jsIpfsMissing, jsIpfsVersion, searchJsIpfs } from './find-js-ipfs.ts'
export { boxoVersion, findGatewayCars, gatewayCarsMissing, gatewayCarsPath } from './find-gateway-cars.ts'
export { findKubo, kuboCachePath, kuboMissing, kuboModule, kuboVersion, searchKubo } from './find-kubo.ts'
export { OLD_KUBO_VERSION, oldKuboCachePath, oldKuboMissing, searchOldKubo } from './find-old-kubo.ts'
export { searchVersitygw, versitygwCachePath, versitygwMissing, versitygwVersion } from './find-versitygw.ts'
export { BUCKET_SCRIPT } from './http-bucket.ts'
export { inspectIsolate } from './isolate-inspector.ts'
export { startJsIpfs } from './js-ipfs.ts'
export { startKubo } from './kubo.ts'
export { memberMetric, membersUp, shares } from './member-metrics.ts'
export { missingFails, needCaddy, needChromium, needGatewayCars, needJsIpfs, needKubo, needOldJsIpfs, needOldKubo, needRedis, needVersitygw } from './needs.ts'
export { removeFolder, runProcess, startProcess, temporaryFolder } from './processes.ts'
export { startRedis } from './redis.ts'
export { startRelay } from './relay.ts'
export { startRouterStub } from './router-stub.ts'
export { honest, serveBlocks } from './serve-blocks.ts'
export { stack } from './stack.ts'
export { startTcpProxy } from './tcp-proxy.ts'
export { quantile, timedFetch } from './timed-fetch.ts'
export { delay, poll } from './until.ts'
export { startVersitygw } from './versitygw.ts'
export { createWireHost } from './wire-host.ts'
export { createWirePeer, messageBlock, wantEntry } from './wire-peer.ts'
export { workerdPids } from './workerd-pids.ts'

export type { Balancer, BalancerInit } from './balancer.ts'
export type { BlockInit, TestBlock } from './blocks.ts'
export type { Dag, DagInit, Share } from './dag.ts'
export type { ChromiumBinary, ChromiumSearch } from './find-chromium.ts'
export type { JsIpfs as JsIpfsModules, JsIpfsRelease, JsIpfsSearch } from './find-js-ipfs.ts'
export type { Kubo as KuboBinary, KuboOrigin, KuboSearch } from './find-kubo.ts'
export type { VersitygwBinary, VersitygwSearch } from './find-versitygw.ts'
export type { IsolateInspector, IsolateMemory } from './isolate-inspector.ts'
export type { JsIpfs, JsIpfsConnection } from './js-ipfs.ts'
export type { ConnectOptions, KuboId, KuboRpc, PutBlockOptions, RpcOptions } from './kubo-rpc.ts'
export type { KuboKey } from './kubo-repo.ts'
export type { Kubo, KuboInit } from './kubo.ts'
export type { Environment } from './peer-folders.ts'
export type { Exit, ProcessInit, RunningProcess } from './processes.ts'
export type { Redis } from './redis.ts'
export type { Relay, RelayInit } from './relay.ts'
export type { RouterStub } from './router-stub.ts'
export type { Behaviour } from './serve-blocks.ts'
export type { Stack } from './stack.ts'
export type { TcpProxy } from './tcp-proxy.ts'
export type { TimedFetchInit } from './timed-fetch.ts'
export type { WireHostInit } from './wire-host.ts'
export type { Received } from './wire-inbox.ts'
export type { WantOptions, WirePeer, WirePeerInit } from './wire-peer.ts'
