# Runs PROGRAM with ARGUMENTS: the exit code must be CODE, and what it writes must match PATTERN.
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE complained)
if(NOT code STREQUAL CODE)
  message(FATAL_ERROR "exit code ${code}, wanted ${CODE}: ${complained}${said}")
endif()
if(NOT "${said}${complained}" MATCHES "${PATTERN}")
  message(FATAL_ERROR "nothing matches '${PATTERN}' in: ${complained}${said}")
endif()
