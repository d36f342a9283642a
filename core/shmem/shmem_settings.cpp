#include "core/shmem/shmem_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "core/base/nearest_word.h"

namespace palloscope::core {
namespace {

constexpr std::int64_t kMaxInt = 0x7FFFFFFF;
constexpr std::int64_t kMaxBackends = 262143;  // MAX_BACKENDS
constexpr std::int64_t kSlruMost = 131072;     // SLRU_MAX_ALLOWED_BUFFERS: 1 GB of pages
constexpr int kOldest = 15, kNewest = 18;

using Type = GucType;
using Unit = GucUnit;

constexpr std::array<std::int64_t, 4> always(std::int64_t value) { return {value, value, value, value}; }

// Ranges and defaults as pg_settings of 15 to 18 show them.
constexpr GucRow kGucs[] = {
    {Guc::SharedBuffers, "shared_buffers", Type::Integer, Unit::Block, 16, kMaxInt / 2, always(16384)},
    {Guc::MaxConnections, "max_connections", Type::Integer, Unit::None, 1, kMaxBackends, always(100)},
    {Guc::MaxPreparedTransactions, "max_prepared_transactions", Type::Integer, Unit::None, 0, kMaxBackends, always(0)},
    {Guc::MaxWorkerProcesses, "max_worker_processes", Type::Integer, Unit::None, 0, kMaxBackends, always(8)},
    {Guc::MaxWalSenders, "max_wal_senders", Type::Integer, Unit::None, 0, kMaxBackends, always(10)},
    {Guc::MaxReplicationSlots, "max_replication_slots", Type::Integer, Unit::None, 0, kMaxBackends, always(10)},
    {Guc::MaxActiveReplicationOrigins, "max_active_replication_origins", Type::Integer, Unit::None, 0, kMaxBackends,
     always(10), 18},
    {Guc::MaxLogicalReplicationWorkers, "max_logical_replication_workers", Type::Integer, Unit::None, 0, kMaxBackends,
     always(4)},
    {Guc::AutovacuumMaxWorkers, "autovacuum_max_workers", Type::Integer, Unit::None, 1, kMaxBackends, always(3)},
    {Guc::AutovacuumWorkerSlots, "autovacuum_worker_slots", Type::Integer, Unit::None, 1, kMaxBackends, always(16), 18},
    {Guc::MaxLocksPerTransaction, "max_locks_per_transaction", Type::Integer, Unit::None, 10, kMaxInt, always(64)},
    {Guc::MaxPredLocksPerTransaction, "max_pred_locks_per_transaction", Type::Integer, Unit::None, 10, kMaxInt,
     always(64)},
    {Guc::WalBuffers, "wal_buffers", Type::Integer, Unit::Block, -1, kMaxInt / 8192, always(-1)},
    {Guc::WalSegmentSize, "wal_segment_size", Type::Integer, Unit::Byte, 1 << 20, 1 << 30, always(16 << 20)},
    {Guc::TrackActivityQuerySize, "track_activity_query_size", Type::Integer, Unit::Byte, 100, 1 << 20, always(1024)},
    {Guc::HotStandby, "hot_standby", Type::Bool, Unit::None, 0, 1, always(1)},
    {Guc::OldSnapshotThreshold, "old_snapshot_threshold", Type::Integer, Unit::Minute, -1, 60 * 24 * 60, always(-1), 15,
     16},
    {Guc::MinDynamicSharedMemory, "min_dynamic_shared_memory", Type::Integer, Unit::MegaByte, 0, kMaxInt, always(0)},
    {Guc::TransactionBuffers, "transaction_buffers", Type::Integer, Unit::Block, 0, kSlruMost, always(0), 17},
    {Guc::CommitTimestampBuffers, "commit_timestamp_buffers", Type::Integer, Unit::Block, 0, kSlruMost, always(0), 17},
    {Guc::SubtransactionBuffers, "subtransaction_buffers", Type::Integer, Unit::Block, 0, kSlruMost, always(0), 17},
    {Guc::MultixactOffsetBuffers, "multixact_offset_buffers", Type::Integer, Unit::Block, 16, kSlruMost, always(16),
     17},
    {Guc::MultixactMemberBuffers, "multixact_member_buffers", Type::Integer, Unit::Block, 16, kSlruMost, always(32),
     17},
    {Guc::SerializableBuffers, "serializable_buffers", Type::Integer, Unit::Block, 16, kSlruMost, always(32), 17},
    {Guc::NotifyBuffers, "notify_buffers", Type::Integer, Unit::Block, 16, kSlruMost, always(16), 17},
    {Guc::IoMethod, "io_method", Type::Choice, Unit::None, 0, 2, always(1), 18, 18, "sync,worker,io_uring"},
    {Guc::IoMaxConcurrency, "io_max_concurrency", Type::Integer, Unit::None, -1, 1024, always(-1), 18},
    {Guc::IoMaxCombineLimit, "io_max_combine_limit", Type::Integer, Unit::Block, 1, 128, always(16), 18},
    {Guc::HugePages, "huge_pages", Type::Choice, Unit::None, 0, 2, always(2), 15, 18, "off,on,try"},
    {Guc::HugePageSize, "huge_page_size", Type::Integer, Unit::KiloByte, 0, kMaxInt, always(0)},
};

constexpr bool in_order() {
  int place = 0;
  for (const GucRow& row : kGucs)
    if (static_cast<int>(row.guc) != place++) return false;
  return place == kGucCount;
}
static_assert(in_order());

std::int64_t bytes_of(GucUnit unit) {
  switch (unit) {
    case GucUnit::KiloByte:
      return 1024;
    case GucUnit::Block:
      return 8192;
    case GucUnit::MegaByte:
      return 1 << 20;
    default:
      return 1;
  }
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') return text.substr(1, text.size() - 2);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// A number and the letters behind it.
struct Quantity {
  double value = 0;
  std::string_view unit;
};

// By hand: from_chars of doubles is not in every standard library that builds this.
std::optional<double> decimal(std::string_view digits) {
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  double value = 0, place = 0;
  for (const char c : digits) {
    if (c == '.' && place == 0) {
      place = 1;
    } else if (c >= '0' && c <= '9') {
      value = value * 10 + (c - '0');
      place *= 10;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty() || digits == ".") return std::nullopt;
  if (place != 0) value /= place;
  return negative ? -value : value;
}

std::optional<Quantity> split(std::string_view text) {
  text = trimmed(text);
  std::size_t end = 0;
  while (end < text.size() &&
         (text[end] == '-' || text[end] == '+' || text[end] == '.' || (text[end] >= '0' && text[end] <= '9')))
    ++end;
  std::string_view digits = text.substr(0, end);
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  const auto value = decimal(digits);
  if (!value) return std::nullopt;
  Quantity out;
  out.value = *value;
  out.unit = trimmed(text.substr(end));
  return out;
}

struct UnitRow {
  std::string_view name;
  double size;
};
constexpr UnitRow kMemoryUnits[] = {{"B", 1}, {"kB", 1024}, {"MB", 1048576}, {"GB", 1073741824}, {"TB", 1099511627776}};
constexpr UnitRow kTimeUnits[] = {{"s", 1.0 / 60}, {"min", 1}, {"h", 60}, {"d", 1440}};

template <class Table>
const UnitRow* find_unit(const Table& table, std::string_view name) {
  for (const UnitRow& row : table)
    if (row.name == name) return &row;
  return nullptr;
}

std::string plain_unit(GucUnit unit) {
  switch (unit) {
    case GucUnit::Byte:
      return "bytes";
    case GucUnit::KiloByte:
      return "kB";
    case GucUnit::Block:
      return "pages of 8 kB";
    case GucUnit::MegaByte:
      return "MB";
    case GucUnit::Minute:
      return "minutes";
    default:
      return "";
  }
}

Error bad(std::string message) { return {ErrorCode::BadArgument, std::move(message)}; }

std::string takes(const GucRow& row) {
  switch (row.type) {
    case GucType::Bool:
      return "it takes on or off";
    case GucType::Choice: {
      std::string list(row.choices);
      for (std::size_t at = 0; (at = list.find(',', at)) != std::string::npos; at += 2) list.replace(at, 1, ", ");
      return fmt::format("it takes one of: {}", list);
    }
    default:
      break;
  }
  const std::string unit = plain_unit(row.unit);
  if (row.unit == GucUnit::None) return fmt::format("it takes {} to {}", row.least, row.most);
  return fmt::format("it takes {} to {} {}, or a number with a unit ({})", row.least, row.most, unit,
                     row.unit == GucUnit::Minute ? "min, h, d" : "B, kB, MB, GB, TB");
}

std::optional<std::int64_t> choice_of(const GucRow& row, const std::string& word) {
  std::int64_t place = 0;
  std::string_view rest = row.choices;
  while (true) {
    const std::size_t comma = rest.find(',');
    if (rest.substr(0, comma) == word) return place;
    if (comma == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(comma + 1);
    ++place;
  }
}

// PostgreSQL takes any unambiguous beginning of true, false, yes, no; on, off, 1, 0.
std::optional<std::int64_t> truth_of(const std::string& word) {
  const auto begins = [&](std::string_view whole, std::size_t at_least) {
    return word.size() >= at_least && whole.substr(0, word.size()) == word;
  };
  if (begins("true", 1) || begins("yes", 1) || word == "on" || word == "1") return 1;
  if (begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0") return 0;
  return std::nullopt;
}

// In the setting's unit, rounded to the nearest as PostgreSQL does.
Result<std::int64_t> number_for(const GucRow& row, std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return bad(fmt::format("{} = \"{}\": {}; {}", row.name, text, why, takes(row)));
  };
  const auto number = split(text);
  if (!number) return wrong("that is no number");
  double value = number->value;
  if (!number->unit.empty()) {
    if (row.unit == GucUnit::None) return wrong("this setting has no unit");
    if (row.unit == GucUnit::Minute) {
      const UnitRow* unit = find_unit(kTimeUnits, number->unit);
      if (unit == nullptr) return wrong(fmt::format("\"{}\" is no unit of time", number->unit));
      value *= unit->size;
    } else {
      const UnitRow* unit = find_unit(kMemoryUnits, number->unit);
      if (unit == nullptr)
        return wrong(fmt::format("\"{}\" is no unit of memory (mind the case: kB, MB)", number->unit));
      value = value * unit->size / static_cast<double>(bytes_of(row.unit));
    }
  }
  value = std::rint(value);
  if (!(value >= static_cast<double>(row.least) && value <= static_cast<double>(row.most)))
    return wrong(fmt::format("{} is out of range", fmt::format("{:.0f}", value)));
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::span<const GucRow> guc_table() { return kGucs; }

const GucRow& guc_row(Guc guc) { return kGucs[static_cast<std::size_t>(guc)]; }

const GucRow* find_guc(std::string_view name, int major) {
  const std::string wanted = lower(name);
  for (const GucRow& row : kGucs)
    if (row.name == wanted && row.since <= major && major <= row.until) return &row;
  return nullptr;
}

Result<std::int64_t> parse_bytes(std::string_view text, std::int64_t unit) {
  const auto number = split(text);
  if (!number) return bad(fmt::format("\"{}\" is no size; write it as 128MB or 4GB", text));
  double size = static_cast<double>(unit);
  if (!number->unit.empty()) {
    const UnitRow* row = find_unit(kMemoryUnits, number->unit);
    if (row == nullptr)
      return bad(fmt::format("\"{}\" in \"{}\" is no unit of memory; there are B, kB, MB, GB, TB", number->unit, text));
    size = row->size;
  }
  const double bytes = std::rint(number->value * size);
  if (!(bytes >= 0 && bytes <= 0x1p62)) return bad(fmt::format("\"{}\" is out of range", text));
  return static_cast<std::int64_t>(bytes);
}

ShmemSettings::ShmemSettings(int major) : major_(major) {
  check(major >= kOldest && major <= kNewest, "settings are of a version that is known");
  for (const GucRow& row : kGucs)
    values_[static_cast<std::size_t>(row.guc)] = row.boot[static_cast<std::size_t>(major - kOldest)];
  build.gss = major == 15;
}

Status ShmemSettings::set_value(Guc guc, std::int64_t value) {
  const GucRow& row = guc_row(guc);
  if (major_ < row.since || major_ > row.until)
    return bad(fmt::format("PostgreSQL {} has no setting {}", major_, row.name));
  if (value < row.least || value > row.most) return bad(fmt::format("{} = {}: {}", row.name, value, takes(row)));
  const bool is_slru = guc >= Guc::TransactionBuffers && guc <= Guc::NotifyBuffers;
  if (is_slru && value % 16 != 0)
    return bad(fmt::format("{} = {}: it must be a multiple of 16 (the buffers of a bank)", row.name, value));
  if (guc == Guc::WalSegmentSize && (value & (value - 1)) != 0)
    return bad(fmt::format("wal_segment_size = {}: it must be a power of two between 1 MB and 1 GB", value));
  // check_wal_buffers: an explicit value is raised to the least that works
  if (guc == Guc::WalBuffers && value >= 0) value = std::max<std::int64_t>(value, 4);
  values_[static_cast<std::size_t>(guc)] = value;
  return Done{};
}

Status ShmemSettings::set(std::string_view name, std::string_view text) {
  name = trimmed(name);
  const GucRow* row = find_guc(name, major_);
  if (row == nullptr) {
    const std::string wanted = lower(name);
    for (const GucRow& other : kGucs)
      if (other.name == wanted)
        return bad(other.since > major_
                       ? fmt::format("PostgreSQL {} has no setting {}: it came with {}", major_, wanted, other.since)
                       : fmt::format("PostgreSQL {} has no setting {}: {} was the last to have it", major_, wanted,
                                     other.until));
    std::vector<std::string_view> known;
    for (const GucRow& other : kGucs)
      if (other.since <= major_ && major_ <= other.until) known.push_back(other.name);
    return bad(
        fmt::format("\"{}\" is no setting that changes the size of shared memory{}", name, choices_for(wanted, known)));
  }
  const std::string word = lower(trimmed(text));
  if (row->type == GucType::Integer) {
    const auto value = number_for(*row, trimmed(text));
    if (!value) return value.error();
    return set_value(row->guc, *value);
  }
  std::optional<std::int64_t> value;
  if (row->type == GucType::Choice) value = choice_of(*row, word);
  // huge_pages, like other settings of its kind, knows the words for true and false too
  if (!value && (row->type == GucType::Bool || row->guc == Guc::HugePages)) value = truth_of(word);
  if (!value) return bad(fmt::format("{} = \"{}\": {}", row->name, text, takes(*row)));
  return set_value(row->guc, *value);
}

Status ShmemSettings::set_assignment(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos)
    return bad(fmt::format("\"{}\" sets nothing; write it as shared_buffers=128MB", assignment));
  return set(assignment.substr(0, equals), assignment.substr(equals + 1));
}

std::string ShmemSettings::show(Guc guc) const {
  const GucRow& row = guc_row(guc);
  const std::int64_t value = get(guc);
  if (row.type == GucType::Bool) return value != 0 ? "on" : "off";
  if (row.type == GucType::Choice) {
    std::string_view rest = row.choices;
    for (std::int64_t i = 0; i < value; ++i) rest.remove_prefix(rest.find(',') + 1);
    return std::string(rest.substr(0, rest.find(',')));
  }
  if (row.unit == GucUnit::None || value <= 0) return std::to_string(value);
  if (row.unit == GucUnit::Minute) {
    if (value % 1440 == 0) return fmt::format("{}d", value / 1440);
    return value % 60 == 0 ? fmt::format("{}h", value / 60) : fmt::format("{}min", value);
  }
  const std::int64_t bytes = value * bytes_of(row.unit);
  for (std::size_t i = std::size(kMemoryUnits); i-- > 1;) {
    const auto size = static_cast<std::int64_t>(kMemoryUnits[i].size);
    if (bytes % size == 0) return fmt::format("{}{}", bytes / size, kMemoryUnits[i].name);
  }
  return fmt::format("{}B", bytes);
}

}  // namespace palloscope::core
