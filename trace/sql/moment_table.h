// A table of one moment: rows made from the state at the cursor, or at the event that the question names (`at`). A
// table is its columns, each with how it is read of a row, and the function that makes the rows.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "trace/sql/moment.h"

namespace palloscope::trace::sql {

template <class Row>
struct MomentColumn {
  Column column;
  void (*get)(const Row& row, Cell& into);
};

template <class Row>
struct MomentDefinition {
  std::string_view name, meaning;
  std::span<const Column> columns;  // at, and those of `getters`
  std::span<const MomentColumn<Row>> getters;
  std::vector<Row> (*rows)(const MemoryState& state, const core::StreamDescription& description);
};

template <class Row>
class MomentCursor final : public Cursor {
 public:
  MomentCursor(Source& source, Moment& moment, const MomentDefinition<Row>& definition)
      : source_(source), moment_(moment), definition_(definition) {}

  core::Status open(const Bounds& bounds) override {
    rows_.clear();
    row_ = 0;
    at_ = bounds.at.value_or(source_.at);
    if (bounds.none || at_ > source_.size) return core::Done{};
    const auto state = moment_.at(at_);
    if (!state) return state.error();
    rows_ = definition_.rows(**state, source_.timeline->description());
    return core::Done{};
  }
  bool at_end() const override { return row_ >= rows_.size(); }
  core::Status next() override {
    ++row_;
    return core::Done{};
  }
  void cell(std::size_t column, Cell& into) const override {
    if (column == 0)
      into.unsigned_number(at_);
    else
      definition_.getters[column - 1].get(rows_[row_], into);
  }

 private:
  Source& source_;
  Moment& moment_;
  const MomentDefinition<Row>& definition_;
  std::vector<Row> rows_;
  std::size_t row_ = 0;
  EventNumber at_ = 0;
};

template <class Row>
class MomentTable final : public Table {
 public:
  MomentTable(Source& source, Moment& moment, const MomentDefinition<Row>& definition)
      : source_(source), moment_(moment), definition_(definition) {}
  std::string_view name() const override { return definition_.name; }
  std::string_view meaning() const override { return definition_.meaning; }
  std::span<const Column> columns() const override { return definition_.columns; }
  double rows() const override { return 1000; }
  std::unique_ptr<Cursor> cursor() override {
    return std::make_unique<MomentCursor<Row>>(source_, moment_, definition_);
  }

 private:
  Source& source_;
  Moment& moment_;
  const MomentDefinition<Row>& definition_;
};

template <class Row, std::size_t N>
constexpr std::array<Column, N + 1> moment_columns(const MomentColumn<Row> (&rows)[N]) {
  std::array<Column, N + 1> columns;
  // The first hidden column is what stands in brackets behind the table's name.
  columns[0] = {"at", ColumnKind::Event, "another moment than the cursor's: where at = 1234, or as an argument: (1234)",
                Push::Moment, true};
  for (std::size_t i = 0; i < N; ++i) columns[i + 1] = rows[i].column;
  return columns;
}

}  // namespace palloscope::trace::sql
