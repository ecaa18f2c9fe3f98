# Debian packages, one a component: `cpack -G DEB` in the build folder. What the programs and the
# library depend on is read from them (dpkg-shlibdeps).
set(SHRIKE_PACKAGE_program shrike)
set(SHRIKE_PACKAGE_library libshrike${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(SHRIKE_PACKAGE_development libshrike-dev)
set(SHRIKE_PACKAGE_training shrike-train)
set(shrike_components program library development)
set(packaged ${shrike_components})
if(SHRIKE_TRAIN)
  list(APPEND shrike_components training)
  # A package cannot depend on what PyPI has.
  if(NOT TARGET shrike_torch)
    list(APPEND packaged training)
  endif()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shrike)
set(CPACK_PACKAGE_CONTACT "The Shrike authors <shrike@localhost>" CACHE STRING
    "Who maintains the packages that are built here")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL ${packaged})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(what "Shrike runs object detectors of the YOLO family (ONNX exports and Darknet\n\
files) on the processor and gives the boxes that the programs they came\n\
from give.")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "find objects in pictures with YOLO models\n${what}")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
    "find objects in pictures with YOLO models: library\n${what}")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "find objects in pictures with YOLO models: headers\n${what}")
set(CPACK_COMPONENT_TRAINING_DESCRIPTION
    "find objects in pictures with YOLO models: training\n${what}")

foreach(component IN LISTS packaged)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${SHRIKE_PACKAGE_${component}})
endforeach()
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_TRAINING_PACKAGE_SECTION graphics)
# `shrike pull` downloads with these.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "ca-certificates, curl")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "python3-pip, shrike-train")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "${SHRIKE_PACKAGE_library} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_TRAINING_PACKAGE_DEPENDS "${SHRIKE_PACKAGE_program} (= ${PROJECT_VERSION})")
include(CPack)
