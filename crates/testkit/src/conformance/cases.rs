//! The macro that makes a suite's list of cases and its macro for adapters (dev layer).

/// `cases!($ clock, clock_conformance, dyn Clock { a b c })` declares `all()` and the exported macro.
macro_rules! cases {
    ($d:tt $module:ident, $macro_name:ident, $port:ty { $($name:ident)+ }) => {
        /// One case: it panics where the contract is broken.
        pub type Case = fn(std::sync::Arc<$port>) -> futures::future::BoxFuture<'static, ()>;

        /// All cases by name.
        pub fn all() -> Vec<(&'static str, Case)> {
            vec![$((stringify!($name), (|port| Box::pin($name(port))) as Case)),+]
        }

        /// Declares one test a case; takes the path of an async function that gives a `Subject`.
        #[macro_export]
        macro_rules! $macro_name {
            ($d make:path) => {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let subject = $d make().await;
                        $crate::conformance::$module::$name(subject.port).await;
                        drop(subject.keep);
                    }
                )+
            };
        }
    };
}
