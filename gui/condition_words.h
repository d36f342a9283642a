// How the words of conditions are called in the string table.
#pragma once

#include <string>

#include "trace/query/condition_words.h"

namespace palloscope::gui {

std::string word_key(const trace::ConditionWord& word);    // what it means: "condition_word.heap_total"
const char* word_group_key(trace::WordSort sort);          // the heading of its sort
std::string shown_word(const trace::ConditionWord& word);  // as it is written: total("NAME"), freelist[N].length

}  // namespace palloscope::gui
