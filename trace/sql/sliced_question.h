// A question that is answered between the frames of a window. SQLite cannot be left in the middle of a step, so it runs
// on a thread of its own; but that thread and the window's take turns, never both at once: nothing of a timeline needs
// a lock, and between two turns the cursor may move and a recording may grow.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trace/sql/database.h"

namespace palloscope::trace::sql {

// The rows so far, as many as may be kept.
struct Answer {
  std::vector<AnswerColumn> columns;
  std::vector<Value> values;  // row by row
  bool cut = false;           // there were more
  std::size_t rows() const { return columns.empty() ? 0 : values.size() / columns.size(); }
  const Value& at(std::size_t row, std::size_t column) const { return values[row * columns.size() + column]; }
};

class SlicedQuestion {
 public:
  struct Most {
    std::size_t rows = 200'000;
    std::size_t bytes = std::size_t{128} << 20;
  };
  // The database must outlive it, and answer nobody else meanwhile.
  SlicedQuestion(Database& database, std::string question, EventNumber at);
  SlicedQuestion(Database& database, std::string question, EventNumber at, Most most);
  ~SlicedQuestion();  // stops it
  SlicedQuestion(const SlicedQuestion&) = delete;
  SlicedQuestion& operator=(const SlicedQuestion&) = delete;

  // Works for about so long. True: it is answered, or there is a mistake.
  bool advance(std::chrono::microseconds slice);
  void stop();  // at once; done() from then on
  bool done() const;

  const std::string& question() const;
  EventNumber at() const;
  const Answer& answer() const;
  std::size_t answer_bytes() const;
  const std::optional<Mistake>& mistake() const;
  std::string_view doing() const;
  double share() const;  // of the pass that is going on, 0..1

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::trace::sql
