#include "trace/sql/virtual_table.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <new>
#include <string>

#include "core/events/event.h"
#include "trace/exporters/event_text.h"

namespace palloscope::trace::sql {
namespace {

// How a plan is told from best_index to filter: the columns that are read, in hex, then a letter for each argument.
constexpr char kEqual = '=', kMore = '>', kAtLeast = 'g', kLess = '<', kAtMost = 'l', kKind = 'k', kKinds = 'K',
               kContext = 'c', kMoment = '@';

struct SqlTable : sqlite3_vtab {
  Table* table = nullptr;
};
struct SqlCursor : sqlite3_vtab_cursor {
  std::unique_ptr<Cursor> cursor;
  sqlite3_int64 row = 0;
};

class SqlCell final : public Cell {
 public:
  explicit SqlCell(sqlite3_context* into) : into_(into) {}
  void null() override { sqlite3_result_null(into_); }
  void number(std::int64_t value) override { sqlite3_result_int64(into_, value); }
  void text(std::string_view value) override {
    sqlite3_result_text64(into_, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }

 private:
  sqlite3_context* into_;
};

std::string declaration(const Table& table) {
  constexpr std::string_view kTypes[] = {"INTEGER", "EVENT", "ADDRESS", "TEXT"};
  std::string text = "CREATE TABLE x(";
  for (const Column& column : table.columns())
    text += fmt::format("{}\"{}\" {}{}", text.back() == '(' ? "" : ", ", column.name,
                        kTypes[static_cast<std::size_t>(column.kind)], column.hidden ? " HIDDEN" : "");
  return text + ")";
}

int fail(sqlite3_vtab* table, const core::Error& error) {
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", error.message.c_str());
  return error.code == core::ErrorCode::Cancelled ? SQLITE_INTERRUPT : SQLITE_ERROR;
}

// --- choosing a way

// The letter for a condition that the cursor obeys; 0: it does not.
char letter_for(const Column& column, const sqlite3_index_info& info, int i) {
  const int op = info.aConstraint[i].op;
  const bool equal = op == SQLITE_INDEX_CONSTRAINT_EQ;
  switch (column.push) {
    case Push::None:
      return 0;
    case Push::Context:
      return equal ? kContext : '\0';
    case Push::Moment:
      return equal ? kMoment : '\0';
    case Push::Kind: {
      auto* mutable_info = const_cast<sqlite3_index_info*>(&info);  // SQLite asks for it so
      if (!equal || std::string_view(sqlite3_vtab_collation(mutable_info, i)) != "BINARY") return 0;
      return sqlite3_vtab_in(mutable_info, i, -1) != 0 ? kKinds : kKind;
    }
    case Push::Key:
      break;
  }
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
      return kEqual;
    case SQLITE_INDEX_CONSTRAINT_GT:
      return kMore;
    case SQLITE_INDEX_CONSTRAINT_GE:
      return kAtLeast;
    case SQLITE_INDEX_CONSTRAINT_LT:
      return kLess;
    case SQLITE_INDEX_CONSTRAINT_LE:
      return kAtMost;
    default:
      return 0;
  }
}

// What is left of the rows, and what it costs to come by them.
void estimate(double rows, std::string_view letters, sqlite3_index_info& info) {
  for (const char letter : letters) {
    if (letter == kMore || letter == kAtLeast || letter == kLess || letter == kAtMost) rows /= 4;
    if (letter == kKind || letter == kKinds || letter == kContext) rows /= 10;
  }
  info.estimatedCost = rows + 100;
  if (letters.find(kEqual) != std::string_view::npos) {
    rows = 1;
    info.estimatedCost = 20;
    info.idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  }
  info.estimatedRows = static_cast<sqlite3_int64>(std::max(1.0, rows));
}

bool comes_in_order(std::span<const Column> columns, const sqlite3_index_info& info) {
  if (info.nOrderBy != 1 || info.aOrderBy[0].desc != 0 || info.aOrderBy[0].iColumn < 0) return false;
  return columns[static_cast<std::size_t>(info.aOrderBy[0].iColumn)].push == Push::Key;
}

int best_index(sqlite3_vtab* at, sqlite3_index_info* info) {
  const Table& table = *static_cast<SqlTable*>(at)->table;
  const auto columns = table.columns();
  std::string letters;
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.iColumn < 0) continue;  // there is no rowid that means anything
    const Column& column = columns[static_cast<std::size_t>(constraint.iColumn)];
    const char letter = letter_for(column, *info, i);
    if (letter == 0) continue;
    if (constraint.usable == 0) {
      if (letter == kMoment) return SQLITE_CONSTRAINT;  // the moment must be known before the rows are made
      continue;
    }
    if (letter == kKinds) sqlite3_vtab_in(info, i, 1);
    letters += letter;
    info->aConstraintUsage[i].argvIndex = static_cast<int>(letters.size());
  }
  info->orderByConsumed = comes_in_order(columns, *info) ? 1 : 0;
  estimate(table.rows(), letters, *info);
  info->idxStr = sqlite3_mprintf("%llx:%s", static_cast<unsigned long long>(info->colUsed), letters.c_str());
  info->needToFreeIdxStr = 1;
  return info->idxStr == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

// --- following it

void add_kind(sqlite3_value* value, KindSet& kinds) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) return;  // no kind is called so
  const std::string_view name(reinterpret_cast<const char*>(sqlite3_value_text(value)),
                              static_cast<std::size_t>(sqlite3_value_bytes(value)));
  for (unsigned tag = 0; tag < 256; ++tag)
    if (core::is_event_kind(static_cast<std::uint8_t>(tag)) && event_kind_name(static_cast<std::uint8_t>(tag)) == name)
      kinds[tag / 64] |= std::uint64_t{1} << (tag % 64);
}

// An event number that must be met exactly; none: no bound (SQLite looks again). What no number can meet sets `none`.
std::optional<EventNumber> exact(sqlite3_value* value, Bounds& bounds) {
  const int type = sqlite3_value_numeric_type(value);
  if (type == SQLITE_NULL) bounds.none = true;
  if (type == SQLITE_TEXT || type == SQLITE_BLOB || type == SQLITE_NULL) return std::nullopt;
  const double number = sqlite3_value_double(value);
  if (number < 0 || number != std::floor(number) || number > 9e18) {
    bounds.none = true;
    return std::nullopt;
  }
  return static_cast<EventNumber>(sqlite3_value_int64(value));
}

// Narrows the range of keys by one comparison. Numbers between two events are rounded to the side that loses none.
void narrow(char letter, sqlite3_value* value, Bounds& bounds) {
  if (letter == kEqual) {
    if (const auto number = exact(value, bounds)) {
      bounds.first = std::max(bounds.first, *number);
      bounds.last = std::min(bounds.last, *number);
    }
    return;
  }
  const int type = sqlite3_value_numeric_type(value);
  if (type == SQLITE_NULL) bounds.none = true;
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return;
  const double number = sqlite3_value_double(value);
  const bool from_below = letter == kMore || letter == kAtLeast;
  if (number <= 0) {
    bounds.none |= !from_below;
    return;
  }
  if (number > 9e18) {
    bounds.none |= from_below;
    return;
  }
  const auto below = type == SQLITE_INTEGER ? static_cast<EventNumber>(sqlite3_value_int64(value))
                                            : static_cast<EventNumber>(std::floor(number));
  const bool whole = type == SQLITE_INTEGER || std::floor(number) == number;
  if (letter == kMore) bounds.first = std::max(bounds.first, below + 1);
  if (letter == kAtLeast) bounds.first = std::max(bounds.first, whole ? below : below + 1);
  if (letter == kLess) bounds.last = std::min(bounds.last, whole ? below - 1 : below);
  if (letter == kAtMost) bounds.last = std::min(bounds.last, below);
}

void merge(std::optional<EventNumber>& into, std::optional<EventNumber> number, Bounds& bounds) {
  if (into && number && *into != *number) bounds.none = true;
  if (number) into = number;
}

Bounds read_plan(std::string_view plan, sqlite3_value** arguments) {
  Bounds bounds;
  const std::size_t colon = plan.find(':');
  std::from_chars(plan.data(), plan.data() + colon, bounds.columns, 16);
  for (const char letter : plan.substr(colon + 1)) {
    sqlite3_value* value = *arguments++;
    if (letter == kKind || letter == kKinds) {
      KindSet kinds{};
      if (letter == kKind) add_kind(value, kinds);
      sqlite3_value* one = nullptr;
      if (letter == kKinds)
        for (int rc = sqlite3_vtab_in_first(value, &one); rc == SQLITE_OK && one != nullptr;
             rc = sqlite3_vtab_in_next(value, &one))
          add_kind(one, kinds);
      if (bounds.kinds)
        for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] &= (*bounds.kinds)[i];
      bounds.kinds = kinds;
    } else if (letter == kContext) {
      merge(bounds.context, exact(value, bounds), bounds);
    } else if (letter == kMoment) {
      merge(bounds.at, exact(value, bounds), bounds);
    } else {
      narrow(letter, value, bounds);
    }
  }
  if (bounds.first > bounds.last) bounds.none = true;
  return bounds;
}

int filter(sqlite3_vtab_cursor* at, int, const char* plan, int, sqlite3_value** arguments) {
  auto& cursor = *static_cast<SqlCursor*>(at);
  cursor.row = 0;
  const core::Status status = cursor.cursor->open(read_plan(plan, arguments));
  return status ? SQLITE_OK : fail(at->pVtab, status.error());
}

// --- the rest of the interface

int connect(sqlite3* connection, void* table, int, const char* const*, sqlite3_vtab** into, char** error) {
  auto made = std::make_unique<SqlTable>();
  static_cast<sqlite3_vtab&>(*made) = {};
  made->table = static_cast<Table*>(table);
  const int rc = sqlite3_declare_vtab(connection, declaration(*made->table).c_str());
  if (rc != SQLITE_OK) {
    *error = sqlite3_mprintf("%s", sqlite3_errmsg(connection));
    return rc;
  }
  sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
  *into = made.release();
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<SqlTable*>(table);
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab* table, sqlite3_vtab_cursor** into) {
  auto made = std::make_unique<SqlCursor>();
  made->cursor = static_cast<SqlTable*>(table)->table->cursor();
  *into = made.release();
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<SqlCursor*>(cursor);
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* at) {
  auto& cursor = *static_cast<SqlCursor*>(at);
  ++cursor.row;
  const core::Status status = cursor.cursor->next();
  return status ? SQLITE_OK : fail(at->pVtab, status.error());
}

int at_end(sqlite3_vtab_cursor* at) { return static_cast<SqlCursor*>(at)->cursor->at_end() ? 1 : 0; }

int column(sqlite3_vtab_cursor* at, sqlite3_context* into, int index) {
  SqlCell cell(into);
  static_cast<SqlCursor*>(at)->cursor->cell(static_cast<std::size_t>(index), cell);
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* at, sqlite3_int64* into) {
  *into = static_cast<SqlCursor*>(at)->row;
  return SQLITE_OK;
}

// No xCreate: the table is there under its module's name.
sqlite3_module make_module() {
  sqlite3_module module{};
  module.iVersion = 0;
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open_cursor;
  module.xClose = close_cursor;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_id;
  return module;
}

}  // namespace

core::Status add_table(sqlite3* connection, Table& table) {
  static const sqlite3_module kModule = make_module();
  const std::string name(table.name());
  if (sqlite3_create_module_v2(connection, name.c_str(), &kModule, &table, nullptr) != SQLITE_OK)
    return core::Error{core::ErrorCode::Io,
                       fmt::format("SQLite did not take the table {}: {}", name, sqlite3_errmsg(connection))};
  return core::Done{};
}

}  // namespace palloscope::trace::sql
