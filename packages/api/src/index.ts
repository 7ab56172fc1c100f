export {
  type ApiParts,
  type ApiSettings,
  createApi,
  type ExtraRoute,
  type HttpDoor,
  type HttpPeer,
} from './api.ts';
export { canonicalOrigin, type OriginRules, originRulesOf } from './origins.ts';
export { addressOf, rateKeyOf, trustedProxiesOf } from './peer-address.ts';
export { createSite, type Site } from './site.ts';
export { type Readiness, systemRoutes, type SystemParts } from './system-routes.ts';
