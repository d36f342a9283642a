// Questions to a trace in SQL: a connection to SQLite, in memory, whose only tables are the trace's (table.h). Nothing
// can be written, attached or set. One question at a time; its rows are handed over as they come.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "trace/sql/table.h"

namespace palloscope::trace::sql {

struct AnswerColumn {
  std::string name;
  ColumnKind kind = ColumnKind::Number;  // Number too where it is not known; texts and numbers say what they are
  friend bool operator==(const AnswerColumn&, const AnswerColumn&) = default;
};

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;  // null, ...; blobs as "x'0102'"

// As it is shown and written: addresses in hex, null as nothing.
std::string shown(const Value& value, ColumnKind kind);

// Why there is no answer, in one line, and where in the question.
struct Mistake {
  core::ErrorCode code = core::ErrorCode::BadArgument;  // Cancelled: it was stopped
  std::string message;
  std::optional<std::size_t> place;  // bytes from the start of the question
};

struct Limits {
  std::size_t span_bytes = std::size_t{2} << 30;    // tables of life spans
  std::size_t sqlite_bytes = std::size_t{1} << 30;  // what SQLite itself may take, in the whole program
};

class Database {
 public:
  // The timeline must outlive it; it may grow.
  explicit Database(const Timeline& timeline, Limits limits = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  struct Take {
    std::function<void(std::vector<AnswerColumn>)> columns;
    std::function<bool(std::span<const Value>)> row;  // false: enough
    GoOn go_on;                                       // asked often; may be empty
  };
  // Runs one question to its end. `at`: the moment that tables of a moment show. None: it was answered.
  std::optional<Mistake> ask(std::string_view question, EventNumber at, const Take& take);

  std::span<const std::unique_ptr<Table>> tables() const;
  // Another limit for the tables of life spans, from the next question on; what is kept over it is forgotten.
  void set_span_limit(std::size_t bytes);
  std::size_t span_bytes() const;  // what they take now

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "line 2, column 8", and the line with a mark below the place, in two lines; empty: no place is known.
std::string point_at(std::string_view question, const Mistake& mistake);

}  // namespace palloscope::trace::sql
