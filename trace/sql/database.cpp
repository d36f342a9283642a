#include "trace/sql/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/nearest_word.h"
#include "trace/exporters/printable.h"
#include "trace/sql/event_table.h"
#include "trace/sql/life_tables.h"
#include "trace/sql/moment_tables.h"
#include "trace/sql/virtual_table.h"

namespace palloscope::trace::sql {
namespace {

constexpr int kStepsPerLook = 20'000;  // of SQLite's machine, between two questions whether to go on
constexpr std::string_view kOnlyReading = "a trace is only read: nothing but select, values and with";
constexpr int kMostTextBytes = 64 << 20;

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

// Reading alone is allowed.
int allow(void*, int action, const char*, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return std::string_view(second) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

// The word behind `before` in an error of SQLite.
std::optional<std::string> word_behind(std::string_view message, std::string_view before) {
  if (!message.starts_with(before)) return std::nullopt;
  std::string word(message.substr(before.size()));
  if (const std::size_t dot = word.rfind('.'); dot != std::string::npos) word.erase(0, dot + 1);
  if (const std::size_t space = word.find(' '); space != std::string::npos) word.erase(space);
  return word;
}

bool is_only_space(std::string_view text) { return text.find_first_not_of(" \t\r\n;") == std::string_view::npos; }

Value value_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return {};
    default:
      break;
  }
  const bool is_text = sqlite3_column_type(statement, column) == SQLITE_TEXT;
  const auto* bytes =
      static_cast<const char*>(is_text ? static_cast<const void*>(sqlite3_column_text(statement, column))
                                       : sqlite3_column_blob(statement, column));
  const std::string_view data(bytes == nullptr ? "" : bytes,
                              static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
  if (is_text) return std::string(data);
  std::string hex = "x'";
  for (const char byte : data) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex + "'";
}

}  // namespace

struct Database::Impl {
  Impl(const Timeline& timeline, Limits limits);

  Statement prepare(std::string_view question, std::optional<Mistake>& mistake);
  Mistake mistake_now(std::string_view question);
  std::string suggestion(std::string_view message) const;
  std::vector<AnswerColumn> columns_of(sqlite3_stmt* statement) const;
  ColumnKind kind_of(const char* declared, std::string_view name) const;

  Source source;
  LifeSpanCache spans;
  Moment moment{source};
  std::vector<std::unique_ptr<Table>> tables;
  std::unique_ptr<sqlite3, CloseConnection> connection;  // goes before its tables
};

Database::Impl::Impl(const Timeline& timeline, Limits limits) {
  source.timeline = &timeline;
  source.size = timeline.size();
  source.most_bytes = limits.span_bytes;
  tables.push_back(make_event_table(source));
  tables.push_back(make_context_table(source, spans));
  tables.push_back(make_block_table(source, spans));
  tables.push_back(make_chunk_table(source, spans));
  tables.push_back(make_context_view(source, moment));
  tables.push_back(make_freelist_table(source, moment));
  tables.push_back(make_buffer_table(source, moment));
  tables.push_back(make_shmem_view(source, moment));
  tables.push_back(make_segment_table(source, moment));
  tables.push_back(make_fault_table(source));
  tables.push_back(make_trace_table(source, moment));

  sqlite3* opened = nullptr;
  const int rc = sqlite3_open_v2(":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  connection.reset(opened);
  core::check(rc == SQLITE_OK, "SQLite opens a database in memory");
  sqlite3_hard_heap_limit64(static_cast<sqlite3_int64>(limits.sqlite_bytes));
  for (const auto& table : tables) core::check(bool(add_table(opened, *table)), "SQLite takes a table");
  sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, kMostTextBytes);
  sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Tables that are known from here on; to get to know one is not among what is allowed later.
  for (const auto& table : tables)
    sqlite3_exec(opened, fmt::format("select 1 from {} limit 0", table->name()).c_str(), nullptr, nullptr, nullptr);
  sqlite3_set_authorizer(opened, allow, nullptr);
  sqlite3_progress_handler(
      opened, kStepsPerLook, [](void* at) { return static_cast<Source*>(at)->proceed() ? 0 : 1; }, &source);
}

// What was meant by a name that is not there.
std::string Database::Impl::suggestion(std::string_view message) const {
  std::vector<std::string_view> words;
  if (const auto name = word_behind(message, "no such table: ")) {
    for (const auto& table : tables) words.push_back(table->name());
    return core::choices_for(*name, words);
  }
  if (const auto name = word_behind(message, "no such column: ")) {
    for (const auto& table : tables)
      for (const Column& column : table->columns()) words.push_back(column.name);
    if (const auto meant = core::nearest_word(*name, words)) return fmt::format("; did you mean {}?", *meant);
  }
  return {};
}

Mistake Database::Impl::mistake_now(std::string_view question) {
  Mistake mistake;
  const int rc = sqlite3_errcode(connection.get());
  mistake.message = sqlite3_errmsg(connection.get());
  if (rc == SQLITE_INTERRUPT || source.stopped) return {core::ErrorCode::Cancelled, "stopped", {}};
  if (rc == SQLITE_NOMEM)
    mistake.message =
        "the answer needs more memory than the limit; narrow the question, or ask for fewer rows at a time";
  if (rc == SQLITE_AUTH) mistake.message = kOnlyReading;
  mistake.message += suggestion(mistake.message);
  if (const int place = sqlite3_error_offset(connection.get()); place >= 0)
    mistake.place = std::min(static_cast<std::size_t>(place), question.size());
  return mistake;
}

Statement Database::Impl::prepare(std::string_view question, std::optional<Mistake>& mistake) {
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  const int rc =
      sqlite3_prepare_v3(connection.get(), question.data(), static_cast<int>(question.size()), 0, &made, &rest);
  Statement statement(made);
  if (rc != SQLITE_OK) {
    mistake = mistake_now(question);
    return nullptr;
  }
  if (!statement) {
    mistake = Mistake{core::ErrorCode::BadArgument, "there is no question: it is empty", {}};
    return nullptr;
  }
  if (sqlite3_column_count(made) == 0) {
    mistake = Mistake{core::ErrorCode::BadArgument, std::string(kOnlyReading), {}};
    return nullptr;
  }
  const auto read = static_cast<std::size_t>(rest - question.data());
  if (sqlite3_stmt* more = nullptr; !is_only_space(question.substr(read))) {
    const int next =
        sqlite3_prepare_v3(connection.get(), rest, static_cast<int>(question.size() - read), 0, &more, nullptr);
    const Statement second(more);  // a comment is none
    if (next != SQLITE_OK || second) {
      mistake = Mistake{core::ErrorCode::BadArgument, "one question at a time: there is more behind its end", read};
      return nullptr;
    }
  }
  return statement;
}

// By the column it comes from; of an expression by its name: "min(event)", "event".
ColumnKind Database::Impl::kind_of(const char* declared, std::string_view name) const {
  const std::string_view type = declared == nullptr ? "" : declared;
  if (type == "EVENT") return ColumnKind::Event;
  if (type == "ADDRESS") return ColumnKind::Address;
  if (type == "TEXT") return ColumnKind::Text;
  if (!type.empty()) return ColumnKind::Number;
  for (const std::string_view function : {"min(", "max("})
    if (name.starts_with(function) && name.ends_with(")"))
      name = name.substr(function.size(), name.size() - function.size() - 1);
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  for (const auto& table : tables)
    for (const Column& column : table->columns())
      if (column.name == name && column.kind != ColumnKind::Text) return column.kind;
  return ColumnKind::Number;
}

std::vector<AnswerColumn> Database::Impl::columns_of(sqlite3_stmt* statement) const {
  std::vector<AnswerColumn> columns;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const char* name = sqlite3_column_name(statement, i);
    std::string text = name == nullptr ? "" : name;
    const ColumnKind kind = kind_of(sqlite3_column_decltype(statement, i), text);
    columns.push_back({std::move(text), kind});
  }
  return columns;
}

Database::Database(const Timeline& timeline, Limits limits) : impl_(std::make_unique<Impl>(timeline, limits)) {}
Database::~Database() = default;

std::span<const std::unique_ptr<Table>> Database::tables() const { return impl_->tables; }

void Database::set_span_limit(std::size_t bytes) {
  impl_->source.most_bytes = bytes;
  if (impl_->spans.bytes() > bytes) impl_->spans.forget();
}

std::size_t Database::span_bytes() const { return impl_->spans.bytes(); }

std::optional<Mistake> Database::ask(std::string_view question, EventNumber at, const Take& take) {
  Impl& impl = *impl_;
  impl.source.size = impl.source.timeline->size();
  impl.source.at = std::min(at, impl.source.size);
  impl.source.go_on = take.go_on;
  impl.source.stopped = false;
  impl.source.doing = "answering";
  impl.source.share = 0;
  std::optional<Mistake> mistake;
  const Statement statement = impl.prepare(question, mistake);
  if (!statement) return mistake;
  take.columns(impl.columns_of(statement.get()));
  std::vector<Value> row(static_cast<std::size_t>(sqlite3_column_count(statement.get())));
  int rc = SQLITE_ROW;
  while ((rc = sqlite3_step(statement.get())) == SQLITE_ROW) {
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = value_of(statement.get(), static_cast<int>(i));
    if (!take.row(row)) return std::nullopt;
  }
  if (rc == SQLITE_DONE) return std::nullopt;
  return impl.mistake_now(question);
}

std::string shown(const Value& value, ColumnKind kind) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return kind == ColumnKind::Address ? fmt::format("{:#x}", static_cast<std::uint64_t>(*number))
                                       : std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return {};
}

std::string point_at(std::string_view question, const Mistake& mistake) {
  if (!mistake.place) return {};
  const std::size_t place = std::min(*mistake.place, question.size());
  const std::size_t newline = place == 0 ? std::string_view::npos : question.rfind('\n', place - 1);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(question.find('\n', place), question.size());
  std::string mark;  // as wide as what stands before the place
  for (std::size_t i = begin; i < place; ++i)
    if ((static_cast<unsigned char>(question[i]) & 0xC0) != 0x80) mark += question[i] == '\t' ? '\t' : ' ';
  return fmt::format("{}\n{}^", printable(question.substr(begin, end - begin)), mark);
}

}  // namespace palloscope::trace::sql
