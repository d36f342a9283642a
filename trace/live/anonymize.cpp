#include "trace/live/anonymize.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "core/walk/byte_window.h"

namespace palloscope::trace {
namespace {

// Spec 8.1, and what real servers showed beside that.
constexpr std::string_view kPostgresNames =
    "|TopMemoryContext|ErrorContext|Postmaster|hba parser context|ident parser context|MdSmgr|"
    "WAL record construction|CacheMemoryContext|index info|relation rules|partition descriptor|partition key|"
    "partition constraint|row security descriptor|TS dictionary|TopPortalContext|PortalContext|"
    "PortalHoldContext|TransactionAbortContext|TopTransactionContext|CurTransactionContext|MessageContext|"
    "RowDescriptionContext|printtup|ExecutorState|ExprContext|CachedPlanSource|CachedPlanQuery|CachedPlan|"
    "SPI Proc|SPI Exec|SPI Plan|SPI TupTable|PgStat Pending|PgStat Shared Ref|PgStat Shared Ref Hash|"
    "dynahash|LOCALLOCK hash|Portal hash|smgr relation table|Relcache by OID|Operator lookup cache|"
    "Operator class cache|Type information cache|Record information cache|TableSpace cache|PrivateRefCount|"
    "Timezones|Prepared Queries|GUCMemoryContext|GUC hash table|search_path processing cache|"
    "LocalBufferContext|pgstat TabStatusArray lookup hash table|"
    "Map from relid to OID of cached composite type|TupleSort main|TupleSort sort|Caller tuples|"
    "HashTableContext|HashBatchContext|HashSpillContext|HashAgg meta context|HashAgg table context|"
    "tuplestore tuples|Change|TXN|Tuples|GiST VACUUM page set context|TID storage|local_ts_radix_tree|"
    "AfterTriggerEvents|AfterTriggerTupleContext|COPY|COPY TO|RecursiveUnion|RecursiveUnion hash table|"
    "SetOp hash table|PLpgSQL per-statement data|PL/pgSQL inline code context|WindowAgg Partition|"
    "WindowAgg Aggregates|per-parsetree message context|Table function arguments|SQL function|"
    "SQL function junkfilter|Local Buffer Lookup Table|EventTriggerCache|Event Trigger Cache|EventTriggerCacheHash|";

// Words of process titles that say what a process does.
constexpr std::string_view kTitleWords =
    "|postgres:|postmaster|checkpointer|background|writer|walwriter|autovacuum|launcher|worker|logical|"
    "replication|apply|tablesync|walsender|walreceiver|walsummarizer|slotsync|startup|archiver|logger|io|"
    "parallel|for|PID|[local]|idle|in|transaction|(aborted)|waiting|authentication|initializing|streaming|"
    "recovering|stats|collector|SELECT|INSERT|UPDATE|DELETE|MERGE|COPY|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|"
    "RELEASE|FETCH|DECLARE|CURSOR|CLOSE|MOVE|PREPARE|EXECUTE|DEALLOCATE|BIND|PARSE|EXPLAIN|VACUUM|ANALYZE|"
    "CLUSTER|REINDEX|CREATE|ALTER|DROP|TRUNCATE|TABLE|INDEX|VIEW|FUNCTION|DATABASE|SCHEMA|DO|CALL|SET|SHOW|"
    "RESET|DISCARD|LISTEN|NOTIFY|UNLISTEN|LOCK|GRANT|REVOKE|CHECKPOINT|LOAD|START|TRANSACTION|AS|INTO|"
    "MATERIALIZED|REFRESH|ROLE|EXTENSION|TYPE|TRIGGER|";

// The first word of processes that serve no client.
constexpr std::string_view kAuxiliary =
    "|checkpointer|background|writer|walwriter|autovacuum|logical|walreceiver|startup|archiver|logger|io|"
    "parallel|stats|walsummarizer|slotsync|";

// `words`: each between two strokes.
bool is_one_of(std::string_view words, std::string_view word) {
  return !word.empty() && word.find('|') == std::string_view::npos &&
         words.find('|' + std::string(word) + '|') != std::string_view::npos;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool is_postgres_name(std::string_view name) { return is_one_of(kPostgresNames, name); }

const std::string& TextCodes::of(const std::string& text) {
  const auto known = codes_.find(text);
  if (known != codes_.end()) return known->second;
  std::random_device lot;
  std::uniform_int_distribution<int> letter('a', 'z');
  std::string code(text.size(), 'a');
  for (int tries = 0; tries < 100; ++tries) {
    for (char& c : code) c = static_cast<char>(letter(lot));
    if (code != text && taken_.insert(code).second) break;
  }
  return codes_.emplace(text, code).first->second;
}

std::string anonymous_title(const std::string& title, TextCodes& codes) {
  std::string out;
  std::size_t place = 0;  // of the words behind "postgres:" and the cluster's name
  bool serves_client = false;
  for (std::size_t at = 0; at < title.size();) {
    const std::size_t end = std::min(title.find(' ', at), title.size());
    const std::string word = title.substr(at, end - at);
    at = end + 1;
    const bool is_cluster = place == 0 && word.size() > 1 && word.back() == ':' && word != "postgres:";
    if (word == "postgres:" || word.empty()) {
      out += word;
    } else if (is_cluster) {
      out += codes.of(word.substr(0, word.size() - 1)) + ':';
    } else {
      if (place == 0) serves_client = !is_one_of(kAuxiliary, word);
      const bool is_name = serves_client && place < 2;  // role, database
      const bool stays = !is_name && (is_one_of(kTitleWords, word) || (is_number(word) && !serves_client));
      out += stays ? word : codes.of(word);
      ++place;
    }
    if (end < title.size()) out += ' ';
  }
  return out;
}

std::string anonymous_path(const std::string& path, bool keep_file, TextCodes& codes) {
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    const bool is_last = end == path.size();
    out += part.empty() || (is_last && keep_file) ? part : codes.of(part);
    if (!is_last) out += '/';
    at = end + 1;
  }
  return out;
}

bool Anonymized::cover(core::Address pointer, const std::string& text) {
  std::array<std::uint8_t, 8> bytes{};
  if (text.empty() || !pointer || !patched_.read(pointer, bytes)) return false;
  const core::Address at{core::little_endian(bytes.data(), 8)};
  if (!covered_.insert(at).second) return false;
  const std::string& code = codes_.of(text);
  for (std::size_t i = 0; i < code.size(); ++i) patched_.set(at + i, static_cast<std::uint8_t>(code[i]));
  return true;
}

AnonymizeReport Anonymized::replace(const ServerMoment& moment, Capture& said) {
  AnonymizeReport report;
  const core::MemoryContextLayout layout;
  const auto each = [&](const core::WalkedContext& context) {
    const bool own_table = context.name == "dynahash" && context.ident && is_postgres_name(*context.ident);
    if (context.ident && !own_table) report.idents += cover(context.at + layout.ident.offset, *context.ident) ? 1 : 0;
    if (!is_postgres_name(context.name)) report.names += cover(context.at + layout.name.offset, context.name) ? 1 : 0;
  };
  for (const core::WalkedContext& context : moment.heap.contexts) each(context);
  for (const auto& list : moment.heap.recycled)
    for (const core::WalkedContext& context : list) each(context);
  report.statements += cover(said.roots.debug_query_string, moment.statement) ? 1 : 0;

  const std::string title = anonymous_title(said.facts.title, codes_);
  report.titles += title != said.facts.title ? 1 : 0;
  said.facts.title = title;
  said.build.data_directory = anonymous_path(said.build.data_directory, false, codes_);
  said.build.executable = anonymous_path(said.build.executable, true, codes_);
  for (Mapping& map : said.maps)
    if (map.name.starts_with('/') && !map.name.starts_with("/dev/") && !map.name.starts_with("/SYSV"))
      map.name = anonymous_path(map.name, true, codes_);
  return report;
}

}  // namespace palloscope::trace
