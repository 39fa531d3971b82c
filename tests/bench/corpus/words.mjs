// What the made-up conversations are made of.

const list = (text) => text.trim().split(/\s+/);

export const NOUNS = list(`
  account address adapter agent archive array asset backend batch binding block bucket buffer build
  bundle cache callback candidate catalog cell channel chunk client clock cluster column command
  commit compiler component condition config connection container context controller cookie copy
  counter coverage cursor customer daemon dashboard database decoder default delivery dependency
  descriptor device diff digest directory dispatcher document domain driver duration edge editor
  element encoder endpoint engine entry environment event exception executor export factory feature
  field file filter fixture flag folder format frame function gateway generator graph group handler
  hash header heap history hook host identifier image import index input instance interface interval
  inventory invoice item iterator job journal kernel key label layer layout ledger library limit line
  link listener loader lock logger loop manager manifest mapping marker matrix member memory message
  metadata method metric middleware migration mirror mock mode model module monitor mutex name
  namespace network node notice number object offset operation operator option order origin output
  owner package page pagination panel parameter parser partition password patch path pattern payload
  permission pipeline plan plugin pointer policy pool port prefix preview price priority process
  product profile project promise property protocol provider proxy queue quota range rate reader
  record recovery reference region registry relation release renderer replica report repository
  request resolver resource response result retry revision role route row rule runner runtime sample
  scanner schedule schema scope script search section segment selector sequence server service
  session setting shard shell signal signature slot snapshot socket source span stack stage state
  statement status step storage store stream string subscriber suite summary symbol table target task
  template tenant test thread threshold ticket timeout timer timestamp token tool trace track
  transaction transform tree trigger tuple type unit update upload user validator value variable
  vector version view visitor volume warehouse watcher wheel widget window worker workspace wrapper
  writer zone
`);

export const VERBS = list(`
  add apply assert attach await bind build call cancel catch check clean clear clone close collect
  commit compare compile compute connect convert copy count create decode delete deploy detach
  dispatch drop encode ensure enqueue expand extract fetch filter find flush format generate get
  group handle hash import insert install invalidate join keep limit link list load lock log map
  match merge migrate move normalise notify open pack parse patch persist poll prepare print process
  publish pull push query read rebuild receive record reduce refresh register release reload remove
  rename render replace replay report request reset resolve restore resume retry return rotate run
  save scan schedule seal search select send serialise set skip sort split start stop store submit
  subscribe sync test trace track transform trim unlock unpack update upgrade validate verify wait
  walk warm watch wrap write
`);

export const SMALL_WORDS = list(`
  the a to of and in is that it for on was with as be at by this not are but from or have an they
  which one you were all there when if so no what up out then more some would only its after other
  because before every while still now first last each again here both
`);

export const NON_ASCII = list(`
  café naïve Müller straße façade señor Ångström Łódź žluťoučký Ελλάδα проверка привет données
  été größer 東京 你好 データ 테스트 ✓ ✗ → – “quoted” … € ≤ ≥ × 🚀 🐛 ✅ ⚠️ │ ├── └──
`);

/** In every other event. */
export const FREQUENT = "checksum";
/** In three events each, whatever the size of the corpus. */
export const RARE = ["quetzalcoatl", "bioluminescence"];
