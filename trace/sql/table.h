// What a table of a trace is to SQL: columns with their meanings, and cursors that give its rows. Nothing here knows
// SQLite; virtual_table.cpp hands these tables to it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace::sql {

// What the numbers of a column are: addresses are shown in hex, event numbers can be gone to.
enum class ColumnKind : std::uint8_t { Number, Event, Address, Text };

// A condition on the column that the cursor obeys by itself, so that it need not read everything.
enum class Push : std::uint8_t {
  None,
  Key,      // event numbers, in whose order the rows come: =, <, <=, >, >=
  Kind,     // kinds of events by their names: =, in
  Context,  // the event that made a context: =
  Moment,   // hidden: the event whose state is asked for: =
};

struct Column {
  std::string_view name;
  ColumnKind kind = ColumnKind::Number;
  std::string_view meaning;  // in a few words, for `palloscope query --tables` and trace/sql/README.md
  Push push = Push::None;
  bool hidden = false;  // not among the columns of "select *"; may be given as the table's argument
};

using KindSet = std::array<std::uint64_t, 4>;  // bit `tag`, as in BlockSummary

// What a cursor has to obey. A row that does not meet it may be given all the same: SQLite looks at each again.
struct Bounds {
  EventNumber first = 1, last = std::numeric_limits<EventNumber>::max();
  std::optional<KindSet> kinds;
  std::optional<EventNumber> context;
  std::optional<EventNumber> at;
  std::uint64_t columns = ~std::uint64_t{0};  // bit i: column i is read; the last bit stands for all further ones
  bool none = false;                          // nothing can meet it

  bool reads(std::size_t column) const { return ((columns >> (column < 63 ? column : 63)) & 1) != 0; }
};

// Where a cursor puts a value.
class Cell {
 public:
  virtual ~Cell() = default;
  virtual void null() = 0;
  virtual void number(std::int64_t value) = 0;
  virtual void text(std::string_view value) = 0;

  void unsigned_number(std::uint64_t value) { number(static_cast<std::int64_t>(value)); }
  void event(EventNumber value) { value == 0 ? null() : unsigned_number(value); }  // 0: there is none
};

class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual core::Status open(const Bounds& bounds) = 0;  // at the first row; may be called again
  virtual bool at_end() const = 0;
  virtual core::Status next() = 0;
  virtual void cell(std::size_t column, Cell& into) const = 0;
};

class Table {
 public:
  virtual ~Table() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view meaning() const = 0;
  virtual std::span<const Column> columns() const = 0;
  virtual double rows() const = 0;  // about so many
  virtual std::unique_ptr<Cursor> cursor() = 0;
};

// What long work asks in between: is told what is going on and how far it is (0..1); false: stop.
using GoOn = std::function<bool(std::string_view doing, double share)>;

// What all tables of a connection look at. The cursor and the size are those of the moment when the question was asked.
struct Source {
  const Timeline* timeline = nullptr;
  EventNumber at = 0;          // the moment that tables of a moment show
  EventNumber size = 0;        // events that count
  std::size_t most_bytes = 0;  // that tables of life spans may take
  GoOn go_on;                  // may be empty
  bool stopped = false;        // go_on said so
  std::string_view doing = "answering";
  double share = 0;
  core::Status proceed(std::string_view what, EventNumber done) {
    doing = what;
    share = size == 0 ? 1 : static_cast<double>(done) / static_cast<double>(size);
    return proceed();
  }
  core::Status proceed() {
    if (!stopped && go_on && !go_on(doing, share)) stopped = true;
    if (stopped) return core::Error{core::ErrorCode::Cancelled, "stopped"};
    return core::Done{};
  }
};

}  // namespace palloscope::trace::sql
