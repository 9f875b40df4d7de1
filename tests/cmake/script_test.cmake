# A test that is a script and not a C++ program:
#   include(${PROJECT_SOURCE_DIR}/tests/cmake/script_test.cmake)
#   fluxpg_script_test(Containers.APlainStartIsHealthy containers 600 ${CMAKE_CURRENT_SOURCE_DIR}/plain_start.py ARG...)
# LABEL picks the tier of tests/run, TIMEOUT is in seconds; a script is run by what its first line names, in the repository's root;
# exit code 0 passes, 77 is a skip. FLUXPG_BUILD holds the build directory (programs in bin/). All but unit, sim and proof run alone, unless
# RUN_SERIAL is taken back (tests/integration).
function(fluxpg_script_test name label timeout script)
  add_test(NAME ${name} COMMAND ${script} ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} SKIP_RETURN_CODE 77 ENVIRONMENT "FLUXPG_BUILD=${PROJECT_BINARY_DIR}")
  if(NOT label MATCHES "^(unit|sim|proof)$")
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()
