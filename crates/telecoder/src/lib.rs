//! Layer 3: the facade of TeleCoder: builder, application, configuration, registry.
