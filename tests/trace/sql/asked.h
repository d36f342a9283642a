// A question asked in a test, and its rows as text.
#pragma once

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "trace/sql/database.h"

namespace palloscope::trace::sql {

using Rows = std::vector<std::vector<std::string>>;

struct Asked {
  std::vector<AnswerColumn> columns;
  Rows rows;
  std::optional<Mistake> mistake;
};

inline Asked try_asking(Database& database, const std::string& question, EventNumber at = ~EventNumber{0}) {
  Asked asked;
  asked.mistake = database.ask(question, at,
                               {[&](std::vector<AnswerColumn> columns) { asked.columns = std::move(columns); },
                                [&](std::span<const Value> row) {
                                  auto& texts = asked.rows.emplace_back();
                                  for (std::size_t i = 0; i < row.size(); ++i)
                                    texts.push_back(shown(row[i], asked.columns[i].kind));
                                  return true;
                                },
                                {}});
  return asked;
}

inline Rows ask(Database& database, const std::string& question, EventNumber at = ~EventNumber{0}) {
  Asked asked = try_asking(database, question, at);
  INFO(question);
  if (asked.mistake) FAIL(asked.mistake->message);
  return asked.rows;
}

inline Timeline recorded(const std::vector<core::EventBody>& events, core::StreamDescription description = {}) {
  Timeline timeline = Timeline::recording(std::move(description));
  for (const core::EventBody& event : events) timeline.sink().emit(event);
  return timeline;
}

}  // namespace palloscope::trace::sql
