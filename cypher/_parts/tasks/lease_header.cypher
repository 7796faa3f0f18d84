// tasks/lease_header: how a lease works, and what goes in and out of its statements.
// A place is a post that wants answers: `pool` is the task kind and the language, `key` a random number in [0, 1) while one
// more user may be given the place, else the end of the earliest lease in epoch milliseconds. Groups of kinds are tried in
// order. A kind of a group is drawn by its estimated number of places, then a place by the policy of the kind. The outcome
// is `nothing` only when the user is eligible for none of the places that were read. After the outcome `lost` (another
// request got the place first) the caller tries again.
//
// The request is first counted against its quotas. Quotas are locked before everything else.
//
// in    quotas        LIST<MAP>       each {id STRING, limit INTEGER, until_ms INTEGER: end of a window that begins now}; empty when the same request tries again
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING          stored when it changed
// in    user_id       STRING          used when the user is new
// in    need_terms    BOOLEAN         whether accepted terms are required
// in    span_start    ZONED DATETIME  open tasks since then count against max_pending
// in    max_pending   INTEGER
// in    groups        LIST<ANY>       lists of kinds, each {kind, policy STRING, pools LIST<STRING>, batches: lists of pools in the order to try them, weighted BOOLEAN: draw by the weight of this statement, lapsed_first BOOLEAN}
// in    model         STRING          the model that the client writes as; null: people write
// in    min_human_replies INTEGER     replies to each post that only people may write
// in    forms         MAP             by task kind: {mode, disposition, labels, mandatory}
// in    guidelines    MAP             by task kind: id of the guideline that the task shows
// in    shuffle       LIST<FLOAT>     orders the candidates of a ranking
// in    task_id       STRING          id of the task to write
// in    request_hash  STRING          of the request with its idempotency key; null without a key
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// in    until_ms      INTEGER         end of the lease in epoch milliseconds
// in    expires       ZONED DATETIME  end of the task's validity; null: never
// in    collective    BOOLEAN
// in    lang          STRING
// out   outcome       STRING          handed_out, again (the task exists already: the request is sent again, and not counted), limited, lost, nothing, disabled, terms, pending
// out   limited_until INTEGER         in epoch milliseconds, when the window of a full quota ends; null: none is full
// out   user_id       STRING
// out   kind          STRING          of the task; null unless handed_out
// out   thread        LIST<MAP>       root first; null unless handed_out
// out   candidates    LIST<MAP>       in the order shown
// out   form          MAP             for labels
// rows  one
// cost  a seek for each quota, a few for each pool tried, then one expand for each post of the thread
// mode  write
