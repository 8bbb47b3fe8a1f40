// The namespace of everything that is compiled once for each instruction set, as in Google Highway.
//
// Each file in isa/ names its own before it includes anything; all other code is `baseline`. So no two files that are
// compiled with different flags define the same inline function, of which the linker would keep one for all of them.
#pragma once

#ifndef SMJAX_TARGET
#define SMJAX_TARGET baseline
#endif
