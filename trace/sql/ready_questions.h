// Questions that are ready to be asked, and to be learnt from.
#pragma once

#include <span>
#include <string_view>

namespace palloscope::trace::sql {

struct ReadyQuestion {
  std::string_view id;  // what it is called in words is the window's business: string "query.ready.<id>"
  std::string_view sql;
};

std::span<const ReadyQuestion> ready_questions();

}  // namespace palloscope::trace::sql
