// Lua's C interface, as one include. Only core/scenario's sources see it.
//
// Lua is built as C here: an error leaves by longjmp, past destructors. So the rule in this folder: while a call that
// may raise a Lua error is under way, no object with a destructor lives in the frames between it and Lua.
#pragma once

#include <lua.hpp>
